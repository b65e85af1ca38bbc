"""The admin of articles, pages, pictures and the publication."""

from . import article, images, old_addresses, pages, publication_settings, topics_authors  # noqa: F401

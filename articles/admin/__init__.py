"""The admin of articles, pages, pictures and the publication."""

from . import article, images, pages, publication_settings, topics_authors  # noqa: F401  (each registers its models)

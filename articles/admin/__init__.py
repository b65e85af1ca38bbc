"""The admin of articles, pages, pictures and the publication."""

from . import article, images, pages, publication, topics_authors  # noqa: F401  (each registers its models)

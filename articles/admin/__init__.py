"""The editor's desk: Django's admin for what readers read."""

from . import article, images, pages, publication, topics_authors  # noqa: F401  (each registers its models)

"""The editor's desk: Django's admin for what readers read."""

from . import article, pages, pictures, publication, topics_and_authors  # noqa: F401  (each registers its models)

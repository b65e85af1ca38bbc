"""The app of the page cache."""

from django.apps import AppConfig


class PageCacheConfig(AppConfig):
    name = "ictiger.pagecache"
    label = "delivery"  # names its tables and migrations

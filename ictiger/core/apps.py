"""The app of the foundation that all other apps use."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "ictiger.core"
    label = "core"

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "ictiger.core"
    label = "core"

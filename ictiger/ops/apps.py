from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ictiger.ops"
    label = "ops"

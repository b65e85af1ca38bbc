"""The app with the commands serve, deploy, backup and restore."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ictiger.ops"
    label = "ops"

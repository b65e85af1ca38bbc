"""The app with the commands bench and drill; installed only with the dev group (see INSTALLED_APPS)."""

from django.apps import AppConfig


class TestbedConfig(AppConfig):
    name = "ictiger.testbed"
    label = "testbed"

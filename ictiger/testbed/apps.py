from django.apps import AppConfig


class TestbedConfig(AppConfig):
    name = "ictiger.testbed"
    label = "testbed"

from django.apps import AppConfig


class IctigerConfig(AppConfig):
    name = "ictiger"
    verbose_name = "ICTiger"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class IctigerConfig(AppConfig):
    name = "ictiger"
    verbose_name = "ICTiger"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)

        apps.get_app_config("django_tasks_database").verbose_name = _("Background jobs")  # its own name is in English alone

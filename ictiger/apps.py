from django.apps import AppConfig, apps
from django.contrib.admin import (
    apps as admin_apps,
)  # its AdminConfig by name would be taken for this app's own
from django.utils.translation import gettext_lazy as _


class IctigerConfig(AppConfig):
    name = "ictiger"
    verbose_name = "ICTiger"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)

        apps.get_app_config("django_tasks_database").verbose_name = _(
            "Background jobs"
        )  # its own name is in English alone


class IctigerAdminConfig(admin_apps.AdminConfig):
    """Django's admin, as `ictiger.core.admin_site.IctigerAdminSite`."""

    default = False
    default_site = "ictiger.core.admin_site.IctigerAdminSite"

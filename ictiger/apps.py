"""The app that wires the others together, and the admin with our site class."""

from django.apps import AppConfig, apps

# The module and not its AdminConfig, which Django would take for a configuration of this app.
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class IctigerConfig(AppConfig):
    name = "ictiger"
    verbose_name = "ICTiger"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)

        # The library names itself in English only.
        apps.get_app_config("django_tasks_database").verbose_name = _("Background jobs")


class IctigerAdminConfig(admin_apps.AdminConfig):
    """Django's admin, as `ictiger.core.admin_site.IctigerAdminSite`."""

    default = False
    default_site = "ictiger.core.admin_site.IctigerAdminSite"

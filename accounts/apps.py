from django.apps import AppConfig
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = capfirst(_("accounts"))

    def ready(self) -> None:
        from . import addresses, emails, handover  # noqa: F401  (register what is sent, and listen to log-ins by code)

        addresses.teach_validator()

"""The app of accounts."""

from django.apps import AppConfig
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = capfirst(_("accounts"))

    def ready(self) -> None:
        from . import emails  # noqa: F401  (registers its composers)
        from .verification import flow, validation  # noqa: F401  (flow listens to log-ins by code)

        validation.allow_international_addresses()

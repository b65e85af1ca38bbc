"""The app of accounts."""

from django.apps import AppConfig
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = capfirst(_("accounts"))

    def ready(self) -> None:
        from . import emails  # noqa: F401  (registers its composers)
        from .verification import flow, refusals, validation  # noqa: F401  (they listen to log-ins and mails)

        validation.allow_international_addresses()

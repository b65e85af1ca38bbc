"""Configuration of the comments app: imports the modules that register functions with other apps."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = _("Discussion")

    def ready(self) -> None:
        from . import account_hooks, article_hooks, invalidation  # noqa: F401  (each registers its functions)
        from .notifications import emails  # noqa: F401  (registers its composers)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = _("Discussion")

    def ready(self) -> None:
        from . import emails, paths, people  # noqa: F401  (register mails, where comments show, what an account brings and takes along)

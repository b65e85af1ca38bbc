from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("articles")

    def ready(self) -> None:
        from . import paths, people  # noqa: F401  (register what shows where, and whose account is kept)

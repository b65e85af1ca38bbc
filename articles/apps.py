"""The configuration of the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        from . import account_hooks, invalidation, rerender  # noqa: F401  (each registers its functions)

        post_migrate.connect(install_search_index, sender=self)


def install_search_index(*, using: str, plan: list | None = None, **_kwargs: object) -> None:
    """Call `search_index.install_index`, unless articles were migrated backwards: their table may be gone."""
    from django.db import connections

    from . import search_index

    if not any(backwards and migration.app_label == "articles" for migration, backwards in plan or ()):
        search_index.install_index(connections[using])

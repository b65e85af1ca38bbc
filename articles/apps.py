from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        from . import account_hooks, invalidation  # noqa: F401  (each registers its functions)

        post_migrate.connect(keep_search_index, sender=self)


def keep_search_index(*, using: str, plan: list | None = None, **_told: object) -> None:
    """See `search_index.install`. Not while the articles' table is being taken away."""
    from django.db import connections

    from . import search_index

    if not any(backwards and migration.app_label == "articles" for migration, backwards in plan or ()):
        search_index.install_index(connections[using])

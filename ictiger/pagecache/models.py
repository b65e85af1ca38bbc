"""The outbox of purges, and the base of every model that shows on a public page."""

from django.db import models

from ictiger.core.prepared import insert_prepared

from .guard import PublicQuerySet, require_public_write


class PublicModel(models.Model):
    """A model whose rows show on public pages: it is written inside `change()` or not at all (line 13 of the protocol)."""

    objects = PublicQuerySet.as_manager()

    class Meta:
        abstract = True
        # Related managers and cascades write through the base manager: without its guard `publication.social_links.add(…)` or the
        # deletion of a user would change public pages unseen.
        base_manager_name = "objects"

    def save(self, *args, **kwargs):
        require_public_write(type(self))
        return super().save(*args, **kwargs)

    def insert(self) -> None:
        """Save a new row, in less time than `save` takes for one that may be there already."""
        require_public_write(type(self))
        insert_prepared(self)

    def delete(self, *args, **kwargs):
        require_public_write(type(self))
        return super().delete(*args, **kwargs)


class Purge(models.Model):
    """An outbox row: written with a change, deleted once the pages it touched are purged.

    A row that outlives its process says that pages may be older than the database: the sweep purges for it again.
    """

    paths = models.JSONField(default=list)  # as they were before the change, and as they were at its end
    subjects = models.JSONField(default=list)  # [["articles.article", 7], …], read again when purging
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    again_at = models.DateTimeField(
        null=True, editable=False
    )  # purged once; the time to purge once more, for caches

    def __str__(self) -> str:
        return f"{len(self.paths)} paths, {self.created_at:%H:%M:%S}"

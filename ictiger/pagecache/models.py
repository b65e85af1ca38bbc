"""The outbox of purges, and the base class of models that show on public pages."""

from django.db import models

from ictiger.core.prepared import insert_prepared

from .guard import PublicQuerySet, require_public_write


class PublicModel(models.Model):
    """A model whose rows show on public pages. It can be written inside `public_write()` only (line 13)."""

    objects = PublicQuerySet.as_manager()

    class Meta:
        abstract = True
        # Related managers and cascades write through the base manager. Without its guard
        # `publication.social_links.add(…)` or the deletion of a user would change public pages without a
        # purge.
        base_manager_name = "objects"

    def save(self, *args, **kwargs):
        require_public_write(type(self))
        return super().save(*args, **kwargs)

    def insert(self) -> None:
        """Save a new row. Faster than `save()`, which allows for a row that exists already."""
        require_public_write(type(self))
        insert_prepared(self)

    def delete(self, *args, **kwargs):
        require_public_write(type(self))
        return super().delete(*args, **kwargs)


class Purge(models.Model):
    """An outbox row: inserted with a write, deleted once the pages it changed are purged.

    A row that outlives its process means that pages may be older than the database: the sweep purges for it
    again.
    """

    paths = models.JSONField(default=list)  # as they were before the write, and as they were at its end
    subjects = models.JSONField(default=list)  # [["articles.article", 7], …], read again when purging
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Set once the row has been purged for: when to purge HTTP caches again.
    again_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"{len(self.paths)} paths, {self.created_at:%H:%M:%S}"

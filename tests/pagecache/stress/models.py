import time
from collections.abc import Iterator

from django.db import models

from ictiger.pagecache import store
from ictiger.pagecache.invalidation import invalidates
from ictiger.pagecache.models import PublicModel


class Note(PublicModel):
    slug = models.CharField(max_length=20, unique=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "stress"

    def __str__(self) -> str:
        return f"{self.slug}={self.version}"


@invalidates(Note)
def paths_of_note(note: Note) -> Iterator[str]:
    yield f"/notes/{note.slug}/"
    yield "/list/**"


def purge_slowly(paths: list[str]) -> None:
    """Purge after a pause, so that a random kill often falls between COMMIT and purge."""
    time.sleep(0.01)
    store.purge_store(paths)

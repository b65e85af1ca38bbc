"""Refuses writes to public models outside `change()`, and `change()` while a public page is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

# The change under way in this thread or task; set by `change()` alone.
current_write: ContextVar = ContextVar("change_under_way", default=None)
_reading_only: ContextVar[bool] = ContextVar("reading_only", default=False)


class WriteOutsidePublicWrite(RuntimeError):
    """A model that shows on public pages was written without purging them."""


class WriteDuringRender(RuntimeError):
    """The view of a public page began a change. Its purge would take away the page that is being made, at every reading of it."""


@contextmanager
def reading_only() -> Iterator[None]:
    """Refuse changes for as long as a public page is made."""
    token = _reading_only.set(True)
    try:
        yield
    finally:
        _reading_only.reset(token)


def forbid_write_during_render() -> None:
    """Raise WriteWhileReading while a public page is made."""
    if _reading_only.get():
        raise WriteDuringRender("a public page is a function of its path: its view may not write")


def require_public_write(model: type[models.Model]) -> None:
    """Raise WriteOutsideChange unless the caller is inside `change()`."""
    if current_write.get() is None:
        raise WriteOutsidePublicWrite(
            f"{model.__name__} shows on public pages: write it inside public_write()."
        )


class PublicQuerySet(models.QuerySet):
    """Refuses the writes that bypass Model.save() and Model.delete()."""

    def update(self, **kwargs):
        require_public_write(self.model)
        return super().update(**kwargs)

    def delete(self):
        require_public_write(self.model)
        return super().delete()

    def bulk_create(self, objs, *args, **kwargs):
        require_public_write(self.model)
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs, fields, **kwargs):
        require_public_write(self.model)
        return super().bulk_update(objs, fields, **kwargs)

    update.alters_data = delete.alters_data = bulk_create.alters_data = bulk_update.alters_data = True
    delete.queryset_only = True

"""Refuses writes to public models outside `public_write()`, and public writes during a page's render."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

# The public write of this thread or task. Only `public_write()` sets it.
current_write: ContextVar = ContextVar("current_public_write", default=None)
_rendering_public_page: ContextVar[bool] = ContextVar("rendering_public_page", default=False)


class WriteOutsidePublicWrite(RuntimeError):
    """A model that shows on public pages was written without purging them."""


class WriteDuringRender(RuntimeError):
    """The view of a public page began a public write. Its purge would remove the page at each request."""


@contextmanager
def reading_only() -> Iterator[None]:
    """Refuse public writes inside the block."""
    token = _rendering_public_page.set(True)
    try:
        yield
    finally:
        _rendering_public_page.reset(token)


def forbid_write_during_render() -> None:
    """Raise WriteDuringRender inside `reading_only()`."""
    if _rendering_public_page.get():
        raise WriteDuringRender("a public page is a function of its path: its view may not write")


def require_public_write(model: type[models.Model]) -> None:
    """Raise WriteOutsidePublicWrite unless the caller is inside `public_write()`."""
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

    def bulk_update(self, objs, fields, *args, **kwargs):
        require_public_write(self.model)
        return super().bulk_update(objs, fields, *args, **kwargs)

    for _write in (update, delete, bulk_create, bulk_update):
        _write.alters_data = True  # type: ignore[union-attr]  # templates may not call it
    delete.queryset_only = True  # type: ignore[attr-defined]

"""Purging after a write: finds the paths that its outbox row names and gives them to each backend that holds
pages. The store, which removes the files, is one of them (`Store.purge`).
"""

import logging
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from .http_caches import PURGE_REPEAT_AFTER
from .invalidation import current_paths
from .models import Purge
from .outbox_cleanup import outbox_cleanup

logger = logging.getLogger("ictiger.delivery")

# The process that wrote a younger row is still about to purge for it. With a sweep each second, pages whose
# writer was killed are older than the database for less than two seconds.
LEFTOVER_AFTER = timedelta(seconds=0.5)


def purge_outbox_row(row: Purge) -> None:
    """Purge the paths of `row` as they were and as they are now, then delete the row.

    With HTTP caches the row stays for a second purge, PURGE_REPEAT_AFTER later, which deletes it.

    A backend that cannot be reached (OSError) leaves the row for the sweep: the write is committed and must
    not be reported as failed. The store's PurgeFailed leaves the row too and is not caught: readers may be
    served old pages, so the write must not be answered as done.
    """
    paths = set(row.paths)
    for label, pk in row.subjects:
        paths |= current_paths(apps.get_model(label), pk)
    for backend in settings.PAGE_CACHE_BACKENDS:
        try:
            import_string(backend)(sorted(paths))
        except OSError:
            logger.exception("purge %s: %s failed; the sweep will repeat it", row.pk, backend)
            return
    if settings.PAGE_CACHES and row.again_at is None:
        Purge.objects.filter(pk=row.pk).update(again_at=timezone.now() + PURGE_REPEAT_AFTER)
    else:
        outbox_cleanup.add(row.pk)


def due_purges(older_than: timedelta = LEFTOVER_AFTER) -> QuerySet[Purge]:
    """Rows whose process died before it purged, and rows to be purged a second time by now."""
    now = timezone.now()
    return Purge.objects.filter(Q(again_at=None, created_at__lte=now - older_than) | Q(again_at__lte=now))


def purge_leftovers(older_than: timedelta = LEFTOVER_AFTER) -> int:
    """Purge for the rows that are due. Returns how many there were."""
    rows = list(due_purges(older_than).order_by("pk")[:500])
    for row in rows:
        purge_outbox_row(row)
    return len(rows)

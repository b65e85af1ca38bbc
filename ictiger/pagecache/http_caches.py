"""HTTP caches in front of several machines, in place of the page store (PAGE_STORE=off; PAGE_CACHES lists the
caches).

A page carries `Surrogate-Key`s: one for itself, and one for each tree that contains it, its own included. A
purge names the keys of what has changed, a page's for `/articles/a/` and a tree's for `/topics/patents/**`:
each cache gets `PURGE / ` with the header `Surrogate-Key: <key> <key>` (as Varnish's xkey takes it). Keys are
digests, because paths may be Chinese and hundreds of bytes long.

The outbox sends purges as it does for the page store: after COMMIT and before the response, and from the
sweep for a cache that could not be reached. A cache has no leases: it may store a page that was being
rendered during the purge. So each purge is repeated once, after the longest render.
"""

import http.client
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, set_response_etag

logger = logging.getLogger("ictiger.delivery")

# In caches that we purge. It bounds the age of a page all of whose purges were lost.
SHARED_MAX_AGE = timedelta(minutes=10)
STALE_IF_ERROR = timedelta(days=1)  # while we answer with errors or not at all
PURGE_REPEAT_AFTER = timedelta(seconds=30)  # longer than any render
PURGE_TIMEOUT = 1.0  # seconds that a writer waits for a cache's response
# Seconds in which writers skip a cache that did not respond. The sweep's repetition reaches it.
CACHE_RETRY_AFTER = 5.0
KEYS_PER_PURGE = 100  # some 2 KB of header

_retry_at: dict[str, float] = {}


class CacheUnreachable(OSError):
    """A cache did not confirm a purge. The outbox row stays, and the sweep repeats it."""


def set_cache_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add how long caches may store the page and by which keys it is purged.

    Returns the response, or a 304 to a client that has the page already.
    """
    response.headers["Cache-Control"] = cache_control_header(getattr(response, "fresh_until", None))
    response.headers["Surrogate-Key"] = " ".join(surrogate_keys(request.path))
    set_response_etag(response)
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return conditional or response


def cache_control_header(fresh_until: datetime | None) -> str:
    """Browsers revalidate each time. Caches that we purge store the page, but never beyond `fresh_until`.

    `stale-while-revalidate` is one second only: browsers obey it too, and would show readers the page without
    the comment they have just posted.
    """
    max_age = SHARED_MAX_AGE if settings.PAGE_CACHES else timedelta(0)
    if fresh_until is not None:
        seconds = min(max_age, max(fresh_until - timezone.now(), timedelta(0))) // timedelta(seconds=1)
        return f"public, max-age=0, s-maxage={seconds}"
    stale = ", stale-while-revalidate=1" if max_age else ""
    stale += f", stale-if-error={STALE_IF_ERROR // timedelta(seconds=1)}"
    return f"public, max-age=0, s-maxage={max_age.seconds}{stale}"


def surrogate_keys(path: str) -> list[str]:
    """The keys of the page at `path`: its own, and one for each tree that holds it, the whole site last."""
    segments = path.strip("/").split("/") if path != "/" else []
    trees = ["/", *("/" + "/".join(segments[: depth + 1]) + "/" for depth in range(len(segments)))]
    return [_surrogate_key("p", path), *(_surrogate_key("t", tree) for tree in reversed(trees))]


def purge_key(path: str) -> str:
    """The key that purges the page `path`, or the tree if it ends in `**`."""
    return _surrogate_key("t", path.removesuffix("**")) if path.endswith("**") else _surrogate_key("p", path)


def _surrogate_key(kind: str, path: str) -> str:
    return f"{kind}-{blake2b(path.encode(), digest_size=8).hexdigest()}"


def purge_http_caches(paths: list[str]) -> None:
    """Purge pages and trees from every cache (one of settings.PAGE_CACHE_BACKENDS).

    Tries all caches, then raises CacheUnreachable if one did not confirm.
    """
    keys = [purge_key(path) for path in paths]
    failed = [url for url in settings.PAGE_CACHES if not _purge_cache(url, keys)]
    if failed:
        raise CacheUnreachable(f"no purge from {', '.join(failed)}")


def _purge_cache(url: str, keys: list[str]) -> bool:
    if time.monotonic() < _retry_at.get(url, 0.0):
        return False
    try:
        _send_purge(url, keys)
    except (OSError, http.client.HTTPException) as error:
        logger.error("the cache %s was not purged: %s", url, error)
        _retry_at[url] = time.monotonic() + CACHE_RETRY_AFTER
        return False
    return True


def _send_purge(url: str, keys: list[str]) -> None:
    parts, host = urlsplit(url), urlsplit(settings.SITE_URL).netloc
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PURGE_TIMEOUT)
    try:
        for batch in _batched(keys):
            connection.request("PURGE", "/", headers={"Host": host, "Surrogate-Key": " ".join(batch)})
            response = connection.getresponse()
            response.read()
            if response.status not in (200, 204):
                raise CacheUnreachable(f"{response.status} {response.reason}")
    finally:
        connection.close()


def _batched(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + KEYS_PER_PURGE] for start in range(0, len(keys), KEYS_PER_PURGE))

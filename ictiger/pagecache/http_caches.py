"""For several machines: HTTP caches in front keep the pages, instead of files (PAGE_STORE=off; the caches are named in PAGE_CACHES).

A page carries `Surrogate-Key`s: one for itself, and one for each tree that it stands in, itself included. A purge names the keys of what
has changed, a page's for `/articles/a/` and a tree's for `/topics/patents/**`, by `PURGE / ` with the header `Surrogate-Key: <key> <key>`
to every cache (the way of Varnish's xkey). Keys are digests: paths are Chinese, and hundreds of bytes long.

The outbox drives it, as it drives the store: after COMMIT and before the answer, and from the sweep for a cache that could not be reached.
No lease tells a cache that what is being rendered at this moment is already old. So each purge is repeated once, after the longest render.
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

SHARED_MAX_AGE = timedelta(
    minutes=10
)  # by caches that we purge; the bound if every purge of a page were lost
STALE_IF_ERROR = timedelta(days=1)  # while we answer with errors, or not at all
PURGE_REPEAT_AFTER = timedelta(seconds=30)  # longer than any render
PURGE_TIMEOUT = 1.0  # seconds that a writer waits for a cache to answer
CACHE_RETRY_AFTER = 5.0  # seconds in which writers do not wait for a cache again that did not answer; the sweep's repetition reaches it
KEYS_PER_PURGE = 100  # some 2 KB of header

_retry_at: dict[str, float] = {}


class CacheUnreachable(OSError):
    """A cache did not confirm a purge. The outbox row stays, and the sweep repeats it."""


# --- pages ---------------------------------------------------------------------------------------------------------------------------


def set_cache_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Tell caches how long they may keep a page and by which keys it is purged. Returns the answer: 304 to who has the page already."""
    response.headers["Cache-Control"] = cache_control_header(getattr(response, "fresh_until", None))
    response.headers["Surrogate-Key"] = " ".join(surrogate_keys(request.path))
    set_response_etag(response)
    return get_conditional_response(request, etag=response.headers["ETag"], response=response)


def cache_control_header(fresh_until: datetime | None) -> str:
    """Browsers ask each time. A cache keeps a page as long as it is purged, or not at all; beyond a known moment of change never.

    `stale-while-revalidate` is one second: browsers heed it too, and would show a reader the page from before their own comment.
    """
    keep = SHARED_MAX_AGE if settings.PAGE_CACHES else timedelta(0)
    if fresh_until is not None:
        seconds = min(keep, max(fresh_until - timezone.now(), timedelta(0))) // timedelta(seconds=1)
        return f"public, max-age=0, s-maxage={seconds}"
    while_asking = ", stale-while-revalidate=1" if keep else ""
    return f"public, max-age=0, s-maxage={keep.seconds}{while_asking}, stale-if-error={STALE_IF_ERROR // timedelta(seconds=1)}"


# --- keys ----------------------------------------------------------------------------------------------------------------------------


def surrogate_keys(path: str) -> list[str]:
    """The keys of the page at `path`: its own, and those of the trees from its own up to the whole site."""
    segments = path.strip("/").split("/") if path != "/" else []
    trees = ["/", *("/" + "/".join(segments[: depth + 1]) + "/" for depth in range(len(segments)))]
    return [_surrogate_key("p", path), *(_surrogate_key("t", tree) for tree in reversed(trees))]


def purge_key(path: str) -> str:
    """The key by which the page `path` is purged, or the tree that a final `**` names."""
    return _surrogate_key("t", path.removesuffix("**")) if path.endswith("**") else _surrogate_key("p", path)


def _surrogate_key(kind: str, path: str) -> str:
    return f"{kind}-{blake2b(path.encode(), digest_size=8).hexdigest()}"


# --- purges --------------------------------------------------------------------------------------------------------------------------


def purge_http_caches(paths: list[str]) -> None:
    """Purge pages and trees from every cache (a callable for PAGE_KEEPERS). Raises CacheNotReached, having tried all of them."""
    keys = [purge_key(path) for path in paths]
    failed = [address for address in settings.PAGE_CACHES if not _purge_cache(address, keys)]
    if failed:
        raise CacheUnreachable(f"no purge from {', '.join(failed)}")


def _purge_cache(address: str, keys: list[str]) -> bool:
    if time.monotonic() < _retry_at.get(address, 0.0):
        return False
    try:
        _send_purge(address, keys)
    except (OSError, http.client.HTTPException) as error:
        logger.error("the cache %s was not purged: %s", address, error)
        _retry_at[address] = time.monotonic() + CACHE_RETRY_AFTER
        return False
    return True


def _send_purge(address: str, keys: list[str]) -> None:
    url, host = urlsplit(address), urlsplit(settings.SITE_URL).netloc
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=PURGE_TIMEOUT)
    try:
        for some in _batched(keys):
            connection.request("PURGE", "/", headers={"Host": host, "Surrogate-Key": " ".join(some)})
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 204):
                raise CacheUnreachable(f"{answer.status} {answer.reason}")
    finally:
        connection.close()


def _batched(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + KEYS_PER_PURGE] for start in range(0, len(keys), KEYS_PER_PURGE))

"""Going round the pages from within: to store them all before readers come, and to hold what is stored against a fresh render."""

import gzip
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote
from wsgiref.util import setup_testing_defaults

from django.conf import settings

from .maintenance import StoredPage, stored_pages
from .store import Store, is_storable_path
from .wsgi import Application, anonymous_environ, is_public

LINK = re.compile(rb'\bhref="([^"?#]+)"')


def get_page(application: Application, path: bytes) -> tuple[int, bytes]:
    """Status and body of a page, asked for without a network by a stranger."""
    environ: dict = {}
    setup_testing_defaults(environ)
    told: list = []
    body = application(anonymous_environ(environ, path), lambda *args: told.append(args))
    try:
        return int(told[-1][0][:3]), b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def warm_pages(application: Application) -> Iterator[tuple[bytes, int, int]]:
    """Ask for every public page that links lead to, from the home pages on. Yields path, status and the number of pages still known."""
    roots = [
        b"/",
        *(f"/{code}/".encode() for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE),
    ]
    seen, waiting = set(roots), deque(roots)
    while waiting:
        path = waiting.popleft()
        status, body = get_page(application, path)
        found = (
            {link for link in _links(body) if link not in seen and is_public(link)}
            if status == 200
            else set()
        )
        seen |= found
        waiting.extend(sorted(found))
        yield path, status, len(waiting)


def _links(body: bytes) -> set[bytes]:
    """The paths within this site that a page leads to."""
    site = settings.SITE_URL
    addresses = (unquote(unescape(link.decode())).removeprefix(site) for link in LINK.findall(body))
    return {path for path in (address.encode() for address in addresses) if is_storable_path(path)}


def verify_pages(store: Store, application: Application) -> Iterator[tuple[StoredPage, bool]]:
    """Render every page of this release anew. Yields each with whether readers get the same bytes from the store."""
    for kept in stored_pages(store):
        if kept.release.encode() == store.release:
            # A writer may come between the look and the render: only what differs twice is wrong.
            yield kept, any(_same_page(store, application, kept.path.encode()) for _attempt in range(2))


def _same_page(store: Store, application: Application, path: bytes) -> bool:
    plain, compressed = store.find(path, compressed=False), store.find(path, compressed=True)
    status, body = get_page(application, path)
    forms = [
        form
        for form in (plain and plain.body, compressed and gzip.decompress(compressed.body))
        if form is not None
    ]
    return all(form == body and status == 200 for form in forms)

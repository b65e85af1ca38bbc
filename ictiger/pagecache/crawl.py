"""Requests for public pages within the process: to store them, and to compare stored pages with a render."""

import gzip
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote
from wsgiref.util import setup_testing_defaults

from django.conf import settings

from .maintenance import StoredPage, stored_pages
from .pages import is_storable_path
from .store import Store
from .wsgi import Application, anonymous_environ, is_public

LINK = re.compile(rb'\bhref="([^"?#]+)"')


def get_page(application: Application, path: bytes) -> tuple[int, bytes]:
    """Status and body of a page, requested by an anonymous visitor and without a network."""
    environ: dict = {}
    setup_testing_defaults(environ)
    started: list[tuple] = []
    body = application(anonymous_environ(environ, path), lambda *args: started.append(args))
    try:
        return int(started[-1][0][:3]), b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def warm_pages(application: Application) -> Iterator[tuple[bytes, int, int]]:
    """Request every public page that can be reached from the home pages.

    Yields path, status and the number of pages that are still to be requested.
    """
    codes = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    home_pages = [b"/", *(f"/{code}/".encode() for code in codes)]
    seen, waiting = set(home_pages), deque(home_pages)
    while waiting:
        path = waiting.popleft()
        status, body = get_page(application, path)
        links = _internal_links(body) if status == 200 else set()
        new = {link for link in links if link not in seen and is_public(link)}
        seen |= new
        waiting.extend(sorted(new))
        yield path, status, len(waiting)


def _internal_links(body: bytes) -> set[bytes]:
    """The storable paths of this site that a page links to."""
    urls = (unquote(unescape(link.decode())) for link in LINK.findall(body))
    paths = (url.removeprefix(settings.SITE_URL).encode() for url in urls)
    return {path for path in paths if is_storable_path(path)}


def verify_pages(store: Store, application: Application) -> Iterator[tuple[StoredPage, bool]]:
    """Render every page of this release again.

    Yields each with whether readers get the same bytes from the store.
    """
    for page in stored_pages(store):
        if page.release.encode() == store.release:
            # A write may come between the look-up and the render, so a page counts as different after two
            # attempts.
            yield page, any(_is_same(store, application, page.path.encode()) for _attempt in range(2))


def _is_same(store: Store, application: Application, path: bytes) -> bool:
    plain, compressed = store.find(path, compressed=False), store.find(path, compressed=True)
    status, body = get_page(application, path)
    stored = [plain.body] if plain else []
    stored += [gzip.decompress(compressed.body)] if compressed else []
    return all(stored_body == body and status == 200 for stored_body in stored)

"""The outermost layer of the WSGI application: serves stored pages before Django is entered, and stores new
ones.

A page depends on its path alone. Django gets a request without cookies, query or headers (except the request
id for the log), addressed to the site's host. So nothing that one client sends can appear on a page that
another is served.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation

from .headers import page_ending, response_headers
from .outbox_cleanup import outbox_cleanup
from .pages import Page, Rendered, compress_page
from .redirects import with_query
from .request_key import PageRequest, is_our_host, page_request
from .stats import HitCounter
from .store import Lease, Store, get_store
from .sweeper import FIRST_SWEEP_WAIT, maintenance_thread, outbox_sweeper, store_sweeper

logger = logging.getLogger("ictiger.delivery")

RENDER_WAIT = 1.0  # seconds that a request waits for another one's render of the same page
RENDER_POLL = 0.02  # seconds between two looks
SLOW_PERIOD = 5.0  # seconds in which no request waits for a page whose render took longer than RENDER_WAIT
MAX_SLOW_PAGES = 1_000
REQUEST_ID_VARIABLE = "HTTP_X_REQUEST_ID"
STORE_RETRY_AFTER = 5.0  # seconds without an attempt to store, after the disk failed

Application = Callable[[dict, Callable], Any]  # returns Iterable[bytes]: in fact a Django HttpResponse


def wrap_application(application: Application) -> Application:
    """The application behind the page store.

    With PAGE_STORE=off it is returned unwrapped, and with PAGE_CACHES a sweep for the HTTP caches is started.
    """
    if settings.PAGE_STORE == "off":
        if settings.PAGE_CACHES:
            outbox_sweeper().start()
        return application
    wrapper = PageWrapper(application, get_store())
    wrapper.start()
    return wrapper


class PageWrapper:
    """A WSGI application that serves pages from the store and passes other requests on."""

    def __init__(self, application: Application, store: Store) -> None:
        self.application = application
        self.store = store
        self.counter = HitCounter(store)
        self.sweeper = store_sweeper(store)
        self.maintenance = maintenance_thread(store, self.counter)
        self.disk_retry_at = 0.0
        self.slow_until: dict[
            bytes, float
        ] = {}  # by path, of pages whose render took longer than RENDER_WAIT
        site_host = urlsplit(settings.SITE_URL).netloc
        if not is_our_host(site_host):
            raise ImproperlyConfigured(
                f"ALLOWED_HOSTS refuses {site_host}, the host of SITE_URL, for which pages are rendered"
            )

    def start(self) -> None:
        """Start the threads that run beside serving, in this process."""
        self.sweeper.start()
        self.maintenance.start()
        outbox_cleanup.start()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = page_request(environ)
        if request is None:
            return self.application(environ, start_response)
        self.sweeper.wait_for_first(FIRST_SWEEP_WAIT)
        page = self.store.find(request.path, compressed=request.compressed)
        if page is not None:
            self.counter.count("hits")
            return respond_with_page(page, request, environ, start_response)
        if not is_public(request.path):
            return self.application(environ, start_response)
        return self._respond_to_miss(request, environ, start_response)

    def _respond_to_miss(
        self, request: PageRequest, environ: dict, start_response: Callable
    ) -> Iterable[bytes]:
        """Render the page under its lock (line 8 of the protocol).

        While another request holds the lock, look again for up to RENDER_WAIT, then render without storing.
        """
        give_up_at = time.monotonic() + self.render_wait(request.path)
        while time.monotonic() >= self.disk_retry_at:
            try:
                lock = self.store.lock(request.path)
            except OSError as error:
                self._note_disk_error(error)
                break
            page = self.store.find(request.path, compressed=request.compressed)
            if page is None and lock is not None:
                return self._render_and_store(lock, request, environ, start_response)
            if lock is not None:
                os.close(lock)
            if page is not None:
                self.counter.count("hits")
                return respond_with_page(page, request, environ, start_response)
            if time.monotonic() >= give_up_at:
                self.slow_until[request.path] = time.monotonic() + SLOW_PERIOD
                break
            time.sleep(RENDER_POLL)
        return self._render(request, environ, start_response, lease=None)

    def render_wait(self, path: bytes) -> float:
        """Seconds to wait for another request's render.

        Zero for a page that was slow: waiting would block threads.
        """
        if len(self.slow_until) > MAX_SLOW_PAGES:
            self.slow_until.clear()
        return RENDER_WAIT if time.monotonic() >= self.slow_until.get(path, 0.0) else 0.0

    def _render_and_store(
        self, lock: int, request: PageRequest, environ: dict, start_response: Callable
    ) -> Iterable[bytes]:
        """Render and store while holding the path's lock."""
        lease = None
        try:
            lease = self._lease(request.path)
            return self._render(request, environ, start_response, lease)
        finally:
            if lease is not None:
                self._release_lease(lease)
            os.close(lock)

    def _lease(self, path: bytes) -> Lease | None:
        try:
            return self.store.lease(path)
        except OSError as error:
            self._note_disk_error(error)
            return None

    def _release_lease(self, lease: Lease) -> None:
        try:
            self.store.release_lease(lease)
        except OSError as error:
            self._note_disk_error(error)

    def _render(
        self, request: PageRequest, environ: dict, start_response: Callable, lease: Lease | None
    ) -> Iterable[bytes]:
        """Let Django render.

        A page is stored by the lease and sent like a stored one; other responses pass unchanged.
        """
        started: list[tuple] = []
        response = self.application(
            anonymous_environ(environ, request.path), lambda *args: started.append(args)
        )
        ending = page_ending(response, request.path)
        if ending is None:
            status, headers, *rest = started[-1]
            if getattr(response, "public_page", False):
                headers = _redirect_with_query(headers, environ.get("QUERY_STRING", ""))
            start_response(status, headers, *rest)
            return drop_body(response) if environ["REQUEST_METHOD"] == "HEAD" else response
        rendered = compress_response(ending, response)
        stored = lease is not None and self._save(lease, rendered)
        self.counter.count("stored" if stored else "unstored")
        page = rendered.compressed if request.compressed else rendered.plain
        return respond_with_page(page, request, environ, start_response)

    def _save(self, lease: Lease, rendered: Rendered) -> bool:
        try:
            stored = self.store.save(lease, rendered)
        except OSError as error:
            self._note_disk_error(error)
            return False
        if stored:
            self.counter.count("bytes", len(rendered.plain.body) + len(rendered.compressed.body))
        return stored

    def _note_disk_error(self, error: OSError) -> None:
        """Log that the disk failed. For a moment pages are rendered without an attempt to lock or store."""
        if time.monotonic() >= self.disk_retry_at:
            logger.error("the page store cannot store: %s", error)
        self.disk_retry_at = time.monotonic() + STORE_RETRY_AFTER


def anonymous_environ(environ: dict, path: bytes) -> dict:
    """The environment of an anonymous GET for this page, addressed to the site's host, without the client's
    headers.

    Only the request id of our proxy stays: the log shows it, and an error page, which is not stored.
    """
    plain = {
        key: value
        for key, value in environ.items()
        if key == REQUEST_ID_VARIABLE or not key.startswith(("HTTP_", "CONTENT_"))
    }
    site = urlsplit(settings.SITE_URL)
    return plain | {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": "",
        "HTTP_HOST": site.netloc,
        "wsgi.url_scheme": site.scheme,
        "wsgi.input": BytesIO(),
    }


def _redirect_with_query(headers: list[tuple[str, str]], query: str) -> list[tuple[str, str]]:
    """The headers with the client's query in Location: the request that Django got had none."""
    return [(name, with_query(value, query) if name == "Location" else value) for name, value in headers]


def compress_response(ending: bytes, response: HttpResponse) -> Rendered:
    """The response's body in both forms. Closes the response."""
    try:
        until = getattr(response, "fresh_until", None)
        return compress_page(ending, response.content, until.timestamp() if until else None)
    finally:
        response.close()


def drop_body(response: HttpResponse) -> Iterable[bytes]:
    """Close the response and send no body."""
    response.close()
    return []


def is_public(path: bytes) -> bool:
    """Whether the path leads to a view marked public, and is that view's canonical path."""
    return _is_public(path, settings.ROOT_URLCONF)


@lru_cache(2_000)
def _is_public(path: bytes, _urlconf: str) -> bool:
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return False
    with translation.override(translation.get_language_from_path(text) or settings.LANGUAGE_CODE):
        try:
            match = resolve(text)
            if not getattr(match.func, "public_page", False):
                return False
            return unquote(reverse(match.view_name, args=match.args, kwargs=match.kwargs)) == text
        except (Resolver404, NoReverseMatch):
            return False


def respond_with_page(
    page: Page, request: PageRequest, environ: dict, start_response: Callable
) -> Iterable[bytes]:
    """Send the page with its headers: 304 to a client that has it already, no body for HEAD."""
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    is_known = if_none_match is not None and etag_matches(if_none_match, page.etag)
    body = None if is_known else (page.ending, len(page.body), page.compressed)
    headers = response_headers(request.path, page.etag, body, request.secure)
    start_response("304 Not Modified" if is_known else "200 OK", list(headers))
    return [] if is_known or environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def etag_matches(if_none_match: str, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110 §13.1.2). Our tags contain no comma."""
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return if_none_match.strip() == "*" or any(tag == etag for tag in tags)

"""The outermost layer of the WSGI application: serves stored pages before Django is entered, and stores what Django renders.

What decides about a page is its path and nothing else. A render is given a request without cookies, query or headers (but its number in the
log), addressed to the site's own host; so nothing that a reader sends can get into a page that another reader is served.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation

from .headers import answer_headers, page_ending
from .outbox_cleanup import outbox_cleanup
from .request_key import PageRequest, is_our_host, page_request
from .stats import HitCounter
from .store import Lease, Page, Rendered, Store, compress_page, get_store
from .sweeper import maintenance_thread, outbox_sweeper, store_sweeper

logger = logging.getLogger("ictiger.delivery")

RENDER_WAIT = 1.0  # seconds that a reader waits for another's render
RENDER_POLL = 0.02
SLOW_PERIOD = 5.0  # seconds in which nobody waits again for a render that took too long
MAX_SLOW_PAGES = 1_000
REQUEST_ID_VARIABLE = "HTTP_X_REQUEST_ID"
STORE_RETRY_AFTER = 5.0  # seconds without an attempt to store, after the disk refused

Application = Callable[[dict, Callable], Iterable[bytes]]


def wrap_application(application: Application) -> Application:
    """The application behind the page store; with PAGE_STORE off, the application itself, and a sweep for the caches in front."""
    if settings.PAGE_STORE == "off":
        if settings.PAGE_CACHES:
            outbox_sweeper().start()
        return application
    wrapper = PageWrapper(application, get_store())
    wrapper.start()
    return wrapper


class PageWrapper:
    def __init__(self, application: Application, store: Store) -> None:
        self.application = application
        self.store = store
        self.tally = HitCounter(store)
        self.sweeper = store_sweeper(store)
        self.caretaker = maintenance_thread(store, self.tally)
        self.unwell_until = 0.0
        self.slow: dict[
            bytes, float
        ] = {}  # pages for whose render somebody has waited in vain, and until when that counts
        site = urlsplit(settings.SITE_URL).netloc
        if not is_our_host(site):
            raise ImproperlyConfigured(
                f"ALLOWED_HOSTS refuses {site}, the host of SITE_URL, for which pages are rendered"
            )

    def start(self) -> None:
        """Begin what goes on beside serving, in this process."""
        self.sweeper.start()
        self.caretaker.start()
        outbox_cleanup.collect()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        wanted = page_request(environ)
        if wanted is None:
            return self.application(environ, start_response)
        self.sweeper.wait_for_first()
        page = self.store.find(wanted.path, compressed=wanted.compressed)
        if page is not None:
            self.tally.count("hits")
            return respond_with_page(page, wanted, environ, start_response)
        if not is_public(wanted.path):
            return self.application(environ, start_response)
        return self._take_turn(wanted, environ, start_response)

    def _take_turn(self, wanted: PageRequest, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Render the page, unless somebody else is at it: then look again for a moment, and at last render without storing."""
        patience = time.monotonic() + self._patience_with(wanted.path)
        while time.monotonic() >= self.unwell_until:
            try:
                lock = self.store.lock(wanted.path)
            except OSError as error:
                self._note_trouble(error)
                break
            page = self.store.find(wanted.path, compressed=wanted.compressed)
            if page is None and lock is not None:
                return self._render_under(lock, wanted, environ, start_response)
            if lock is not None:
                os.close(lock)
            if page is not None:
                self.tally.count("hits")
                return respond_with_page(page, wanted, environ, start_response)
            if time.monotonic() >= patience:
                self.slow[wanted.path] = time.monotonic() + SLOW_PERIOD
                break
            time.sleep(RENDER_POLL)
        return self._render(wanted, environ, start_response, lease=None)

    def _patience_with(self, path: bytes) -> float:
        """Seconds to wait for another's render. Once somebody has waited in vain the next do not: they would hold up every thread."""
        if len(self.slow) > MAX_SLOW_PAGES:
            self.slow.clear()
        return RENDER_WAIT if time.monotonic() >= self.slow.get(path, 0.0) else 0.0

    def _render_under(
        self, lock: int, wanted: PageRequest, environ: dict, start_response: Callable
    ) -> Iterable[bytes]:
        """Render and store, holding the path's lock."""
        lease = None
        try:
            lease = self._lease(wanted.path)
            return self._render(wanted, environ, start_response, lease)
        finally:
            if lease is not None:
                self._give_back(lease)
            os.close(lock)

    def _lease(self, path: bytes) -> Lease | None:
        try:
            return self.store.lease(path)
        except OSError as error:
            self._note_trouble(error)
            return None

    def _give_back(self, lease: Lease) -> None:
        try:
            self.store.release_lease(lease)
        except OSError as error:
            self._note_trouble(error)

    def _render(
        self, wanted: PageRequest, environ: dict, start_response: Callable, lease: Lease | None
    ) -> Iterable[bytes]:
        """Ask Django. What it marked as a page is stored by the lease and answered like a stored one, anything else as it is."""
        told: list = []
        response = self.application(anonymous_environ(environ, wanted.path), lambda *args: told.append(args))
        ending = page_ending(response, wanted.path)
        if ending is None:
            start_response(*told[-1])
            return drop_body(response) if environ["REQUEST_METHOD"] == "HEAD" else response
        rendered = compress_response(ending, response)
        stored = lease is not None and self._keep(lease, rendered)
        self.tally.count("stored" if stored else "unstored")
        page = rendered.compressed if wanted.compressed else rendered.plain
        return respond_with_page(page, wanted, environ, start_response)

    def _keep(self, lease: Lease, rendered: Rendered) -> bool:
        try:
            stored = self.store.save(lease, rendered)
        except OSError as error:
            self._note_trouble(error)
            return False
        if stored:
            self.tally.count("bytes", len(rendered.plain.body) + len(rendered.compressed.body))
        return stored

    def _note_trouble(self, error: OSError) -> None:
        """The disk refused. Pages are served all the same, and for a moment nobody waits for one to be stored."""
        if time.monotonic() >= self.unwell_until:
            logger.error("the page store cannot store: %s", error)
        self.unwell_until = time.monotonic() + STORE_RETRY_AFTER


def anonymous_environ(environ: dict, path: bytes) -> dict:
    """A stranger's bare request for this page, addressed to the site's own host.

    The number that a proxy of ours gave it stays: the log has it, and the page of an error, which is not stored.
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


def compress_response(ending: bytes, response: HttpResponse) -> Rendered:
    """The response's bytes in both forms; the response is done with."""
    try:
        until = getattr(response, "fresh_until", None)
        return compress_page(ending, response.content, until.timestamp() if until else None)
    finally:
        response.close()


def drop_body(response: HttpResponse) -> Iterable[bytes]:
    response.close()
    return []


def is_public(path: bytes) -> bool:
    """Whether the path leads to a view marked public, and is the one by which that view is addressed."""
    return _is_public(path, settings.ROOT_URLCONF)


@lru_cache(2_000)
def _is_public(path: bytes, _addresses: str) -> bool:
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


# --- the answer ----------------------------------------------------------------------------------------------------------------------


def respond_with_page(
    page: Page, wanted: PageRequest, environ: dict, start_response: Callable
) -> Iterable[bytes]:
    """The page with its headers; 304 to a reader who has it already, and no body for HEAD."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    is_known = known is not None and etag_matches(known, page.etag)
    headers = answer_headers(
        wanted.path,
        page.etag,
        None if is_known else (page.ending, len(page.body), page.compressed),
        wanted.secure,
    )
    start_response("304 Not Modified" if is_known else "200 OK", list(headers))
    return [] if is_known or environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def etag_matches(known: str, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110 §13.1.2): our tags have no comma in them."""
    return known.strip() == "*" or any(tag.strip().removeprefix("W/") == etag for tag in known.split(","))

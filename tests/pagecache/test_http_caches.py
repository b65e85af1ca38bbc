"""HTTP caches in front, with the page store off: headers of pages, and the purges of the outbox."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from ictiger import env
from ictiger.checks import check_page_caches
from ictiger.core.repeating_thread import RepeatingThread
from ictiger.pagecache import http_caches
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry
from ictiger.pagecache.invalidation import WHOLE_SITE, paths_to_purge
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.purge import purge_leftovers, purge_outbox_row
from ictiger.pagecache.wsgi import wrap_application
from tests.factories import make_article, make_comment, make_publication


class CacheServer(ThreadingHTTPServer):
    """Receives purges as a cache does and answers them with `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.purged: list[str] = []
        self.hosts: set[str] = set()
        self.status = 200
        super().__init__(("127.0.0.1", 0), PurgeHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PurgeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PURGE(self) -> None:
        self.server.hosts.add(self.headers["Host"])
        if self.server.status == 200:
            self.server.purged += self.headers["Surrogate-Key"].split(" ")
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def cache(settings, monkeypatch) -> Iterator[CacheServer]:
    monkeypatch.setattr(http_caches, "_retry_at", {})
    with CacheServer() as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        settings.PAGE_CACHES = [server.url]
        settings.PAGE_CACHE_BACKENDS = ["ictiger.pagecache.http_caches.purge_http_caches"]
        yield server
        server.shutdown()


@public_page
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def surrogate_keys(response: HttpResponse) -> set[str]:
    return set(response.headers["Surrogate-Key"].split(" "))


def test_purged_caches_may_store_a_page_and_browsers_may_not(settings):
    settings.PAGE_CACHES = ["http://10.0.0.5"]
    header = page(RequestFactory().get("/about/")).headers["Cache-Control"]
    assert header == "public, max-age=0, s-maxage=600, stale-while-revalidate=1, stale-if-error=86400"


def test_caches_that_are_not_purged_revalidate_and_may_serve_stale_on_errors():
    assert (
        page(RequestFactory().get("/about/")).headers["Cache-Control"]
        == "public, max-age=0, s-maxage=0, stale-if-error=86400"
    )


def test_expiring_page_is_cached_until_it_expires(settings):
    settings.PAGE_CACHES = ["http://10.0.0.5"]
    for seconds, max_age in ((90.5, 90), (0.5, 0), (-3, 0), (9_000, 600)):

        @public_page
        def expiring(request: HttpRequest, seconds=seconds) -> HttpResponse:
            return set_expiry(HttpResponse("scheduled"), timezone.now() + timedelta(seconds=seconds))

        header = expiring(RequestFactory().get("/")).headers["Cache-Control"]
        assert header == f"public, max-age=0, s-maxage={max_age}"


def test_client_that_has_the_page_gets_304():
    etag = page(RequestFactory().get("/about/")).headers["ETag"]
    again = page(RequestFactory().get("/about/", headers={"if-none-match": etag}))
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("reason", ["store", "DEBUG"])
def test_no_cache_headers_with_a_page_store_or_in_development(settings, reason):
    if reason == "store":
        settings.PAGE_STORE = "/srv/pages"
    else:
        settings.DEBUG = True
    headers = page(RequestFactory().get("/about/")).headers
    assert headers["Cache-Control"] == "no-cache"
    assert "Surrogate-Key" not in headers


@pytest.mark.django_db
def test_missing_pages_are_not_cached(client):
    """Some caches store a 404 without Cache-Control for two minutes; the article may be published sooner."""
    for path in ("/articles/nowhere/", "/no/such/room/"):
        assert client.get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("changed", "purged"),
    [
        ("/articles/a/", {"/articles/a/"}),
        ("/articles/a/**", {"/articles/a/", "/articles/a/discussion/2/"}),
        ("/articles/**", {"/articles/a/", "/articles/a/discussion/2/", "/articles/ab/"}),
        ("/zh-hans/**", {"/zh-hans/", "/zh-hans/articles/专利/"}),
        ("/", {"/"}),
        (
            "/**",
            {
                "/",
                "/articles/a/",
                "/articles/a/discussion/2/",
                "/articles/ab/",
                "/zh-hans/",
                "/zh-hans/articles/专利/",
            },
        ),
    ],
)
def test_key_of_a_page_or_tree_purges_exactly_its_pages(changed, purged):
    site = [
        "/",
        "/articles/a/",
        "/articles/a/discussion/2/",
        "/articles/ab/",
        "/zh-hans/",
        "/zh-hans/articles/专利/",
    ]
    assert {
        path for path in site if http_caches.purge_key(changed) in http_caches.surrogate_keys(path)
    } == purged


@pytest.mark.django_db
def test_comment_purges_the_pages_that_show_it(client, cache, django_capture_on_commit_callbacks):
    article = make_article(slug="a")
    response = client.get("/articles/a/")
    assert response.status_code == 200
    cache.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        make_comment(article)
    assert surrogate_keys(response) & set(cache.purged)
    assert cache.hosts == {"testserver"}
    assert not surrogate_keys(client.get("/")) & set(cache.purged)


@pytest.mark.django_db
def test_purge_is_repeated_once_after_the_longest_render(cache, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    purge_outbox_row(Purge.objects.create(paths=["/about/"]))
    assert cache.purged == [http_caches.purge_key("/about/")]
    assert purge_leftovers() == 0
    time_machine.shift(http_caches.PURGE_REPEAT_AFTER)
    assert purge_leftovers() == 1
    assert purge_leftovers() == 0
    assert cache.purged == [http_caches.purge_key("/about/")] * 2
    assert not Purge.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("failure", ["refuses", "is gone"])
def test_unreachable_cache_is_purged_by_the_sweep(cache, settings, failure, monkeypatch):
    if failure == "refuses":
        cache.status = 403
    else:
        settings.PAGE_CACHES = ["http://127.0.0.1:9", cache.url]
    row = Purge.objects.create(paths=["/about/"])
    purge_outbox_row(row)
    row.refresh_from_db()
    assert row.again_at is None
    assert cache.purged == ([] if failure == "refuses" else [http_caches.purge_key("/about/")])
    cache.status, settings.PAGE_CACHES = 200, [cache.url]
    monkeypatch.setattr(http_caches, "_retry_at", {})
    assert purge_leftovers(timedelta(0)) == 1
    assert cache.purged[-1] == http_caches.purge_key("/about/")
    row.refresh_from_db()
    assert row.again_at is not None


def test_writers_do_not_wait_again_for_a_silent_cache(cache, monkeypatch):
    urls = []

    def time_out(url: str, keys: list[str]) -> None:
        urls.append(url)
        raise TimeoutError

    monkeypatch.setattr(http_caches, "_send_purge", time_out)
    for _attempt in range(3):
        with pytest.raises(http_caches.CacheUnreachable):
            http_caches.purge_http_caches(["/about/"])
    assert urls == [cache.url]


def test_purge_of_a_thousand_paths_is_sent_in_batches(cache):
    paths = [f"/articles/{number}/" for number in range(1_000)]
    http_caches.purge_http_caches(paths)
    assert cache.purged == [http_caches.purge_key(path) for path in paths]


@pytest.mark.django_db
def test_change_of_the_whole_site_purges_one_key(cache, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        publication = make_publication()
    cache.purged.clear()
    assert WHOLE_SITE in paths_to_purge(publication)
    with django_capture_on_commit_callbacks(execute=True), public_write(publication):
        publication.save()
    assert http_caches.purge_key(WHOLE_SITE) in cache.purged


def test_web_process_sweeps_for_caches_and_wraps_nothing(cache, monkeypatch):
    started = []
    monkeypatch.setattr(RepeatingThread, "start", lambda thread: started.append(thread.name))

    def application(environ, start_response):
        return []

    assert wrap_application(application) is application
    assert started == ["ictiger-sweeper"]


def test_cache_urls_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("PAGE_CACHES", " http://10.0.0.5:6081/, http://[fd00::7] ,")
    assert env.server_urls("PAGE_CACHES") == ["http://10.0.0.5:6081", "http://[fd00::7]"]


@pytest.mark.parametrize(
    "value",
    ["10.0.0.5", "https://cache", "http://", "http://cache:port", "http://cache/path", "http://cache:0"],
)
def test_malformed_cache_url_is_refused(monkeypatch, value):
    monkeypatch.setenv("PAGE_CACHES", value)
    with pytest.raises(ImproperlyConfigured, match="PAGE_CACHES"):
        env.server_urls("PAGE_CACHES")


def test_caches_beside_a_page_store_are_a_warning(settings):
    settings.PAGE_CACHES = ["http://10.0.0.5"]
    assert list(check_page_caches(None)) == []
    settings.PAGE_STORE = "/srv/pages"
    assert [warning.id for warning in check_page_caches(None)] == ["ictiger.W019"]

"""The wrapper: what is served before Django is entered, what is stored, and what is passed on."""

import gzip
import logging
import os
from datetime import UTC, datetime
from threading import Barrier, Thread
from time import monotonic, sleep

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from ictiger.pagecache import store as store_module
from ictiger.pagecache import wsgi as wrapper_module
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.request_key import accepts_gzip
from ictiger.pagecache.store import Store
from ictiger.pagecache.wsgi import PageWrapper, etag_matches, wrap_application

from . import store_urls
from .site import Site
from .test_store_files import FailingOs, files_below

pytestmark = pytest.mark.django_db

PAGES = ["/", "/page/2/", "/notes/a/", "/feed/"]


def test_store_is_not_there_when_it_is_off(settings):
    assert settings.PAGE_STORE == "off"
    assert settings.PAGE_KEEPERS == []
    application = object()
    assert wrap_application(application) is application


def test_site_whose_own_host_is_refused_does_not_start(store, settings):
    settings.SITE_URL = "https://elsewhere.example"
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        PageWrapper(None, store)


# --- a hit -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_second_reader_gets_the_same_without_django_or_database(
    site, note, django_assert_num_queries, path, encoding
):
    first = site.get(path, HTTP_ACCEPT_ENCODING=encoding)
    entered = len(site.entered)
    with django_assert_num_queries(0):
        second = site.get(path, HTTP_ACCEPT_ENCODING=encoding)
    assert second == first
    assert first.status == 200
    assert len(site.entered) == entered == 1


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_stored_page_says_what_django_says(site, note, settings, path, scheme):
    settings.SECURE_HSTS_SECONDS = 60
    settings.SITE_URL = f"{scheme}://testserver"
    site = Site(site.store)
    site.get(path)
    stored = site.get(path, **{"wsgi.url_scheme": scheme})
    own = site.get(path, past_store=True, **{"wsgi.url_scheme": scheme})
    assert stored.body == own.body
    added = {"ETag": stored.headers["ETag"], "Vary": "Accept-Encoding"}
    assert stored.headers == {"Content-Length": str(len(own.body)), **own.headers, **added}
    assert "Content-Security-Policy" in stored.headers
    assert ("Strict-Transport-Security" in stored.headers) == (scheme == "https")


def test_reader_with_cookie_and_query_gets_the_strangers_page(site, note):
    stranger = site.get("/notes/a/")
    assert (
        site.get(
            "/notes/a/", HTTP_COOKIE="sessionid=x; reader=member" + "x" * 32_000, QUERY_STRING="a=b&" * 9_999
        )
        == stranger
    )
    assert len(site.entered) == 1


def test_page_rendered_for_a_reader_knows_nothing_of_the_reader(site, note):
    forged = {
        "HTTP_COOKIE": "sessionid=x",
        "QUERY_STRING": "q=x",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_ORIGINAL_URL": "/admin/",
        "HTTP_ACCEPT_LANGUAGE": "zh-hans",
        "HTTP_X_FRAGMENT": "true",
        "HTTP_RANGE": "bytes=0-3",
        "HTTP_HOST": "localhost",
    }
    assert site.get("/notes/a/", **forged).status == 200
    (request,) = store_urls.requests
    assert {name: value for name, value in request.META.items() if name.startswith("HTTP_")} == {
        "HTTP_HOST": "testserver"
    }
    assert (request.META["QUERY_STRING"], request.COOKIES, request.build_absolute_uri("/")) == (
        "",
        {},
        "http://testserver/",
    )


def test_compressed_for_those_who_take_it(site, note):
    plain, compressed = site.get("/notes/a/"), site.get("/notes/a/", HTTP_ACCEPT_ENCODING="br, gzip")
    assert gzip.decompress(compressed.body) == plain.body
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == compressed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != compressed.headers["ETag"]
    assert len(compressed.body) == int(compressed.headers["Content-Length"]) < len(plain.body)


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        *[
            ("gzip", True),
            ("GZIP", True),
            ("br;q=1.0, gzip;q=0.8", True),
            ("*", True),
            ("x-gzip", True),
            ("gzip ; q=0.001", True),
        ],
        *[
            ("", False),
            ("br", False),
            ("gzip;q=0", False),
            ("gzip; q=0.0", False),
            ("*;q=0", False),
            ("*, gzip;q=0", False),
            ("notgzip", False),
        ],
        ("gzip, " + "x, " * 5_000, True),
    ],
)
def test_accept_encoding(header, takes):
    assert accepts_gzip(header) is takes


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_reader_who_has_the_page_gets_304(site, note, django_assert_num_queries, encoding):
    page = site.get("/notes/a/", HTTP_ACCEPT_ENCODING=encoding)
    entered = len(site.entered)
    with django_assert_num_queries(0):
        again = site.get("/notes/a/", HTTP_ACCEPT_ENCODING=encoding, HTTP_IF_NONE_MATCH=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    kept = {
        name: value
        for name, value in page.headers.items()
        if name not in ("Content-Type", "Content-Length", "Content-Encoding")
    }
    assert again.headers == kept
    assert len(site.entered) == entered


def test_304_also_on_the_way_into_the_store(site, note):
    tag = site.get("/notes/a/").headers["ETag"]
    site.store.clear()
    assert site.get("/notes/a/", HTTP_IF_NONE_MATCH=tag).status == 304


@pytest.mark.parametrize(
    ("known", "has_it"),
    [
        ('"a-1"', True),
        ('W/"a-1"', True),
        ('"x", "a-1"', True),
        ("*", True),
        ('"a-2"', False),
        ("a-1", False),
        ("", False),
        ('""', False),
    ],
)
def test_if_none_match(known, has_it):
    assert etag_matches(known, '"a-1"') is has_it


def test_changed_page_has_another_etag_at_the_same_length(site, note):
    tag = site.get("/notes/a/").headers["ETag"]
    site.store.clear()
    with public_write(note):
        note.name_en = "fir5t"
        note.save()
    assert site.get("/notes/a/", HTTP_IF_NONE_MATCH=tag).status == 200


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_head_is_get_without_the_body(site, note, encoding):
    rendered = site.get("/notes/a/", "HEAD", HTTP_ACCEPT_ENCODING=encoding)
    stored = site.get("/notes/a/", "HEAD", HTTP_ACCEPT_ENCODING=encoding)
    page = site.get("/notes/a/", HTTP_ACCEPT_ENCODING=encoding)
    assert rendered == stored == (200, page.headers, b"")
    assert len(site.entered) == 1


def test_head_of_what_is_no_page_has_no_body(site, note):
    assert site.get("/notes/none/", "HEAD")[::2] == (404, b"")


# --- passed on -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_other_methods_are_passed_on(site, note, method):
    site.get("/notes/a/")
    assert site.get("/notes/a/", method).status in (400, 405)  # Django's own answer
    assert site.entered[-1]["REQUEST_METHOD"] == method


def test_dynamic_pages_are_passed_on_as_they_are(site):
    answer = site.get("/dynamic/", HTTP_COOKIE="who=me", QUERY_STRING="a=b")
    assert answer.body == b"GET me a=b"
    assert "ETag" not in answer.headers
    assert site.store.releases() == set()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver:80@evil.example", "", "a b", "x" * 5_000, "[::1"],
)
def test_host_that_is_not_ours_is_djangos_to_refuse(site, note, host):
    site.get("/notes/a/")
    assert site.get("/notes/a/", HTTP_HOST=host).status == 400
    assert site.get("/", HTTP_HOST=host).status == 400
    assert site.store.find(b"/", compressed=False) is None


@pytest.mark.parametrize("host", ["testserver", "testserver:8000", "TESTSERVER", "127.0.0.1", "testserver."])
def test_host_that_is_ours(site, note, host):
    site.get("/notes/a/")
    assert site.get("/notes/a/", HTTP_HOST=host).status == 200
    assert len(site.entered) == 1


def test_host_may_be_missing(site, note):
    site.get("/notes/a/")
    environ = {"HTTP_HOST": None, "SERVER_NAME": "testserver", "SERVER_PORT": "8000"}
    assert site.get("/notes/a/", **environ).status == 200
    assert site.get("/notes/a/", **environ | {"SERVER_NAME": "evil.example"}).status == 400


def test_plain_http_is_djangos_to_redirect(site, note, settings):
    settings.SITE_URL, settings.SECURE_SSL_REDIRECT = "https://testserver", True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    site = Site(site.store)
    site.get("/notes/a/", HTTP_X_FORWARDED_PROTO="https")
    assert site.get("/notes/a/", HTTP_X_FORWARDED_PROTO="https").status == 200
    assert len(site.entered) == 1
    assert site.get("/notes/a/").status == 301
    assert site.get("/notes/a/", HTTP_X_FORWARDED_PROTO="http", **{"wsgi.url_scheme": "https"}).status == 301


BAD_PATHS = [
    "/../",
    "/notes/../notes/a/",
    "/notes//a/",
    "//notes/a/",
    "/notes/a",
    "/notes/a\0/",
    "/a" * 5_000 + "/",
    "/Notes/A/",
    "/notes/A/",
]
BAD_PATHS += [
    "/%2e%2e/",
    "/notes/%61/",
    "/notes/a/index.html",
    "/notes/a/index.html/",
    "/.leases/",
    "/notes/a;x/",
    "/page/0002/",
    "/notes/a/ ",
]


@pytest.mark.parametrize("path", [*BAD_PATHS, "\xff\xfe/", "/notes/\xff/"])
def test_bad_paths_harm_nothing_and_store_nothing(site, note, path):
    site.get("/notes/a/")
    before = snapshot(site.store)
    answer = site.get(path, raw=True)
    assert answer.status in (200, 301, 404)
    assert "ETag" not in answer.headers
    assert snapshot(site.store) == before


def snapshot(store: Store) -> set[str]:
    return set(files_below(store))


# --- what is stored --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "moved", "streamed", "empty", "text", "robots", "policy"])
def test_marked_answers_that_are_not_a_page_go_out_as_they_are(site, note, how, caplog):
    caplog.set_level(logging.CRITICAL, "ictiger.delivery")
    own = site.get(f"/odd/{how}/", past_store=True)
    assert site.get(f"/odd/{how}/") == own
    assert site.get(f"/odd/{how}/") == own
    assert len(site.entered) == 2
    assert snapshot(site.store) == set()


def test_page_that_a_middleware_made_personal_is_not_stored(site, note, settings, caplog):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.pagecache.site.personal"]
    for header in ("Set-Cookie", "Vary"):
        personal = Site(site.store)
        answer = personal.get("/notes/a/", SERVER_SOFTWARE=header)
        assert header in answer.headers
        assert snapshot(site.store) == set()
    assert caplog.text.count("is marked public and cannot be stored") == 2


def test_numbers_with_zeros_are_another_address_and_not_stored(site, note):
    assert site.get("/page/0002/").status == 200
    assert snapshot(site.store) == set()


def test_unknown_addresses_leave_nothing_on_disk(site, note):
    for number in range(30):
        assert site.get(f"/notes/none-{number}/").status == 404
    assert os.listdir(site.store.leases) == []


# --- time ------------------------------------------------------------------------------------------------------------------------------


def at(second: float):
    return time_machine.travel(datetime.fromtimestamp(1_000_000 + second, UTC), tick=False)


def test_page_of_bounded_life_is_rendered_anew_at_its_moment(site, note):
    store_urls.deadlines.append(datetime.fromtimestamp(1_000_010, UTC))
    with at(0):
        site.get("/timed/")
    with at(9.999):
        site.get("/timed/")
    assert len(site.entered) == 1
    with at(10):
        site.get("/timed/")
    assert len(site.entered) == 2


def test_page_whose_moment_has_come_while_it_was_rendered_is_rendered_for_the_next(site, note):
    store_urls.deadlines.append(datetime.fromtimestamp(1_000_010, UTC))
    with at(10):
        site.get("/timed/")
        site.get("/timed/")
    assert len(site.entered) == 2


# --- one render at a time --------------------------------------------------------------------------------------------------------------


def ask_at_once(site: Site, path: str, number: int) -> list:
    """`number` readers in threads; Django is replaced by something that needs no database and takes a while."""
    answers, start = [], Barrier(number)

    def read() -> None:
        start.wait()
        answers.append(site.get(path))

    threads = [Thread(target=read) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def slowly(seconds: float):
    """An application that takes so long, with a page that tells how often it was entered before."""

    def application(environ, start_response):
        sleep(seconds)
        response = HttpResponse("page", headers={"Content-Language": "en"})
        response.public_page = True
        start_response("200 OK", list(response.items()))
        return response

    return application


def test_sixty_readers_at_once_get_one_render(site):
    site.django = slowly(0.2)
    answers = ask_at_once(site, "/notes/a/", 60)
    assert [answer.status for answer in answers] == [200] * 60
    assert len({answer.body for answer in answers}) == 1
    assert len(site.entered) == 1


def test_readers_wait_a_second_and_are_then_served_unstored(site, monkeypatch):
    monkeypatch.setattr(wrapper_module, "RENDER_WAIT", 0.1)
    site.django = slowly(0.4)
    lock = site.store.lock(b"/notes/a/")
    started = monotonic()
    assert site.get("/notes/a/").status == 200
    assert 0.5 <= monotonic() - started < 2
    assert site.store.find(b"/notes/a/", compressed=False) is None
    os.close(lock)


def test_locked_page_does_not_hold_up_a_reader_once_it_is_there(site, note):
    site.get("/notes/a/")
    lock = site.store.lock(b"/notes/a/")
    assert site.get("/notes/a/").status == 200
    assert len(site.entered) == 1
    os.close(lock)


# --- a disk that refuses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["open", "makedirs", "rename", "utime"])
@pytest.mark.parametrize("errno", [28, 30, 13, 5])
def test_pages_are_served_unstored_when_the_disk_refuses(site, note, monkeypatch, caplog, call, errno):
    monkeypatch.setattr(store_module, "os", FailingOs(**{call: OSError(errno, "the disk refuses")}))
    answers = [site.get("/notes/a/") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len(site.entered) == 3
    assert caplog.text.count("the page store cannot store") == 1  # told once, not for each reader


def test_store_is_used_again_when_the_disk_is_well(site, note, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL, "ictiger.delivery")
    site.wrapper._note_trouble(OSError(28, "full"))
    site.get("/notes/a/")
    assert snapshot(site.store) == set()
    site.wrapper.unwell_until = 0
    site.get("/notes/a/")
    assert site.store.find(b"/notes/a/", compressed=False) is not None

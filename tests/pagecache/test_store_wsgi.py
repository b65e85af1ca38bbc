"""The WSGI wrapper's serving: stored pages before Django is entered, and requests that are passed on."""

import gzip

import pytest
from django.core.exceptions import ImproperlyConfigured

from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.request_key import accepts_gzip
from ictiger.pagecache.wsgi import PageWrapper, etag_matches, wrap_application

from . import store_urls
from .site import Site
from .test_store_files import stored_files

pytestmark = pytest.mark.django_db

PAGES = ["/", "/page/2/", "/notes/a/", "/feed/"]


def test_nothing_is_wrapped_when_the_store_is_off(settings):
    assert settings.PAGE_STORE == "off"
    assert settings.PAGE_CACHE_BACKENDS == []
    application = object()
    assert wrap_application(application) is application


def test_site_whose_host_is_not_allowed_does_not_start(store, settings):
    settings.SITE_URL = "https://elsewhere.example"
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        PageWrapper(None, store)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_second_request_gets_the_same_without_django_or_database(
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
def test_stored_page_has_the_headers_of_django(site, note, settings, path, scheme):
    settings.SECURE_HSTS_SECONDS = 60
    settings.SITE_URL = f"{scheme}://testserver"
    site = Site(site.store)
    site.get(path)
    stored = site.get(path, **{"wsgi.url_scheme": scheme})
    rendered = site.get(path, past_store=True, **{"wsgi.url_scheme": scheme})
    assert stored.body == rendered.body
    added = {"ETag": stored.headers["ETag"], "Vary": "Accept-Encoding"}
    assert stored.headers == {"Content-Length": str(len(rendered.body)), **rendered.headers, **added}
    assert "Content-Security-Policy" in stored.headers
    assert ("Strict-Transport-Security" in stored.headers) == (scheme == "https")


def test_request_with_cookie_and_query_gets_the_anonymous_page(site, note):
    anonymous = site.get("/notes/a/")
    assert (
        site.get(
            "/notes/a/", HTTP_COOKIE="sessionid=x; reader=member" + "x" * 32_000, QUERY_STRING="a=b&" * 9_999
        )
        == anonymous
    )
    assert len(site.entered) == 1


def test_render_sees_nothing_of_the_client(site, note):
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


def test_page_is_compressed_for_clients_that_accept_it(site, note):
    plain, compressed = site.get("/notes/a/"), site.get("/notes/a/", HTTP_ACCEPT_ENCODING="br, gzip")
    assert gzip.decompress(compressed.body) == plain.body
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == compressed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != compressed.headers["ETag"]
    assert len(compressed.body) == int(compressed.headers["Content-Length"]) < len(plain.body)


@pytest.mark.parametrize(
    ("header", "accepts"),
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
def test_accept_encoding(header, accepts):
    assert accepts_gzip(header) is accepts


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_client_that_has_the_page_gets_304(site, note, django_assert_num_queries, encoding):
    page = site.get("/notes/a/", HTTP_ACCEPT_ENCODING=encoding)
    entered = len(site.entered)
    with django_assert_num_queries(0):
        again = site.get("/notes/a/", HTTP_ACCEPT_ENCODING=encoding, HTTP_IF_NONE_MATCH=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    expected = {
        name: value
        for name, value in page.headers.items()
        if name not in ("Content-Type", "Content-Length", "Content-Encoding")
    }
    assert again.headers == expected
    assert len(site.entered) == entered


def test_client_that_has_the_page_gets_304_when_it_is_stored_again(site, note):
    tag = site.get("/notes/a/").headers["ETag"]
    site.store.clear()
    assert site.get("/notes/a/", HTTP_IF_NONE_MATCH=tag).status == 304


@pytest.mark.parametrize(
    ("if_none_match", "matches"),
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
def test_if_none_match(if_none_match, matches):
    assert etag_matches(if_none_match, '"a-1"') is matches


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


def test_head_of_a_missing_page_has_no_body(site, note):
    assert site.get("/notes/none/", "HEAD")[::2] == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_other_methods_are_passed_on(site, note, method):
    site.get("/notes/a/")
    assert site.get("/notes/a/", method).status in (400, 405)  # Django's response
    assert site.entered[-1]["REQUEST_METHOD"] == method


def test_dynamic_pages_are_passed_on_as_they_are(site):
    response = site.get("/dynamic/", HTTP_COOKIE="who=me", QUERY_STRING="a=b")
    assert response.body == b"GET me a=b"
    assert "ETag" not in response.headers
    assert site.store.releases() == set()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver:80@evil.example", "", "a b", "x" * 5_000, "[::1"],
)
def test_host_that_is_not_ours_is_refused_by_django(site, note, host):
    site.get("/notes/a/")
    assert site.get("/notes/a/", HTTP_HOST=host).status == 400
    assert site.get("/", HTTP_HOST=host).status == 400
    assert site.store.find(b"/", compressed=False) is None


@pytest.mark.parametrize("host", ["testserver", "testserver:8000", "TESTSERVER", "127.0.0.1", "testserver."])
def test_allowed_host_is_served(site, note, host):
    site.get("/notes/a/")
    assert site.get("/notes/a/", HTTP_HOST=host).status == 200
    assert len(site.entered) == 1


def test_missing_host_is_derived_from_the_server(site, note):
    site.get("/notes/a/")
    environ = {"HTTP_HOST": None, "SERVER_NAME": "testserver", "SERVER_PORT": "8000"}
    assert site.get("/notes/a/", **environ).status == 200
    assert site.get("/notes/a/", **environ | {"SERVER_NAME": "evil.example"}).status == 400


def test_plain_http_is_redirected_by_django(site, note, settings):
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
def test_bad_paths_store_nothing(site, note, path):
    site.get("/notes/a/")
    before = set(stored_files(site.store))
    response = site.get(path, raw=True)
    assert response.status in (200, 301, 404)
    assert "ETag" not in response.headers
    assert set(stored_files(site.store)) == before

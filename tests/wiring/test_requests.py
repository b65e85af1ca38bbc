"""Malformed requests and mistyped paths: an error page, never a 500."""

from wsgiref.util import setup_testing_defaults

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import make_article, make_page

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[False, True])
def either_debug(request, settings) -> None:
    """Without DEBUG, as in production, and with it, as in quickstart."""
    settings.DEBUG = request.param


def post_multipart(client: Client, path: str, charset: str, **fields: bytes) -> HttpResponse:
    """POST a multipart form that declares `charset`."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), body)
        for name, body in fields.items()
    ]
    return client.generic(
        "POST",
        path,
        b"".join(parts) + b"--x--\r\n",
        content_type=f"multipart/form-data; boundary=x; charset={charset}",
    )


@pytest.mark.parametrize(
    "charset", ["rot13", "base64", "idna", "utf-16", "unicode_escape", "latin-1", "no-such-charset"]
)
def test_form_in_another_charset_is_refused(either_debug, stranger, charset):
    response = post_multipart(
        stranger,
        "/accounts/signup/",
        charset,
        email=rb"a\ud800@example.org",
        password1=b"correct horse battery",
    )
    assert response.status_code == 400
    assert "This request could not be read." in response.content.decode()
    assert not User.objects.exists()


def test_query_in_another_charset_is_refused(stranger):
    assert (
        stranger.get(
            "/search/?q=%5Cud800", headers={"Content-Type": "text/plain; charset=unicode_escape"}
        ).status_code
        == 400
    )


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8"])
def test_form_in_utf_8_is_read(stranger, charset):
    make_article("a-patent")
    response = post_multipart(
        stranger, "/articles/a-patent/comments/", charset, body="一二三 ".encode() * 100
    )
    assert (response.status_code, "一二三" in response.content.decode()) == (422, True)


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/", "/articles/a-patent/comments/", "/admin/articles/image/add/", "/no-such-page/", "/"],
)
def test_body_that_is_too_large_is_refused_unread(stranger, settings, path):
    settings.FILE_UPLOAD_HANDLERS = ["there.is.None"]  # reading the body would fail
    form = {
        "CONTENT_LENGTH": str(settings.LARGEST_BODY + 1),
        "content_type": "multipart/form-data; boundary=x",
    }

    response = stranger.generic("POST", path, b"--x", **form)

    assert response.status_code == 413
    assert "That was too much at once" in response.content.decode()


@pytest.mark.parametrize("length", ["", "x", "-1", "9" * 5_000])
def test_malformed_content_length_is_ignored(stranger, length):
    assert stranger.generic("POST", "/accounts/login/", b"", CONTENT_LENGTH=length).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain; x*=foo''a%20b", "text/plain; charset*=unicode_escape''%5Cud800"]
)
def test_malformed_content_type_is_ignored(keep_connection, content_type):
    from ictiger.wsgi import django_application

    make_page("about")
    environ, statuses = {"PATH_INFO": "/about/", "CONTENT_TYPE": content_type, "HTTP_HOST": "testserver"}, []
    setup_testing_defaults(environ)
    body = b"".join(django_application(environ, lambda status, _headers: statuses.append(status)))
    assert (statuses, b"</html>" in body) == (["200 OK"], True)


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "[::1", "a b", ""]
)
@pytest.mark.parametrize("path", ["/", "/zh-hans/", "/no-such-page/"])
def test_host_that_is_not_ours_is_refused(either_debug, host, path):
    response = Client().get(path, headers={"Host": host})
    assert response.status_code == 400
    assert '<p class="error-code">400</p>' in response.content.decode()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"body=" + b"a+" * 5_000_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(600)), "application/x-www-form-urlencoded", 400),
        (b"body=a", "multipart/form-data", 400),
    ],
)
def test_form_that_cannot_be_read_is_refused(either_debug, stranger, body, content_type, status):
    response = stranger.generic("POST", "/accounts/login/", body, content_type=content_type)
    assert response.status_code == status
    assert f'<p class="error-code">{status}</p>' in response.content.decode()


def test_query_with_too_many_fields_is_refused_where_queries_are_read(either_debug, stranger):
    query = "&".join(f"q{n}=1" for n in range(600))
    response = stranger.get(f"/search/?{query}")
    assert response.status_code == 400
    assert '<p class="error-code">400</p>' in response.content.decode()
    assert stranger.get(f"/?{query}").content == stranger.get("/").content


@pytest.mark.parametrize(
    "path", ["/no-such-page/", "/no/such/page/", "/articles/none/", "/media/none.png", "/\0/"]
)
def test_missing_page_has_our_404_page(either_debug, stranger, path):
    response = stranger.get(path)
    assert response.status_code == 404
    assert '<p class="error-code">404</p>' in response.content.decode()


@pytest.mark.parametrize(
    ("path", "slashed"), [("/about", "/about/"), ("/zh-hans", "/zh-hans/"), ("/about?a=1", "/about/?a=1")]
)
def test_missing_final_slash_redirects(stranger, path, slashed):
    response = stranger.get(path)
    assert (response.status_code, response["Location"]) == (301, slashed)


def test_post_without_the_final_slash_is_repeated_with_its_text(stranger):
    """A browser repeats a POST after a 308; after a 301 it sends a GET without the text."""
    make_article("a-patent")
    response = stranger.post("/articles/a-patent/comments", {"body": "Words."})
    assert (response.status_code, response["Location"]) == (308, reverse("comments:post", args=["a-patent"]))

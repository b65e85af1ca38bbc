"""The personal fragment of public pages, and the hint cookie that tells a browser to fetch it."""

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.middleware import HintCookieMiddleware
from accounts.models import User
from tests.factories import make_article

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

BAR = "/me/bar/"


def hint(response) -> str | None:
    """The hint cookie set by the response: its value, "" when it is deleted, None when it is not set."""
    return response.cookies["reader"].value if "reader" in response.cookies else None


def test_bar_is_private_and_not_cached(reader, client_of):
    response = client_of(reader).get(BAR)

    assert response.headers["Cache-Control"] == "private, no-store"
    assert "<html" not in response.content.decode()


def test_bar_greets_a_reader_by_name(client_of, reader):
    User.objects.update(display_name="Anna & Bo")

    text = client_of(reader).get(BAR).content.decode()

    assert '<span class="account-name">Anna &amp; Bo</span>' in text
    assert "reader@example.org" not in text
    assert "data-banner" not in text


def test_bar_links_the_admin_for_staff_only(reader, editor, client_of):
    assert "/admin/" in client_of(editor).get(BAR).content.decode()
    assert "/admin/" not in client_of(reader).get(BAR).content.decode()


def test_bar_is_in_the_language_of_its_path(reader, client_of):
    assert 'action="/zh-hans/accounts/logout/"' in client_of(reader).get("/zh-hans/me/bar/").content.decode()


def test_bar_of_an_unverified_user_has_the_banner(unverified, client_of):
    text = client_of(unverified).get(BAR).content.decode()

    assert 'data-banner="verification"' in text
    assert "newcomer@example.org" in text


def test_bar_links_the_login_with_the_fetching_page_as_next(stranger):
    text = stranger.get(
        BAR, headers={"Referer": "http://testserver/zh-hans/articles/专利/?x=1"}
    ).content.decode()

    assert "/accounts/login/?next=/zh-hans/articles/%E4%B8%93%E5%88%A9/" in text


@pytest.mark.parametrize(
    "page",
    ["https://evil.example/", "http://testserver/accounts/login/", "", "not an address", "http://[broken"],
)
def test_bar_ignores_a_referer_that_is_no_page_of_the_site(stranger, page):
    assert "next=" not in stranger.get(BAR, headers={"Referer": page}).content.decode()


def test_bar_carries_pending_messages_to_pages_that_cannot(reader, client_of):
    client = client_of(reader)
    client.post("/accounts/logout/")

    text = client.get(BAR).content.decode()

    assert '<div data-slot="messages"></div>' in client.get("/").content.decode()
    assert 'data-slot="messages"' in text
    assert "You are logged out." in text
    assert "You are logged out." not in client.get(BAR).content.decode()


def test_bar_takes_three_queries_at_most(reader, unverified, sign_up, client_of, django_assert_num_queries):
    newcomer = sign_up("anna@example.org")
    for number in range(5):
        newcomer.post("/accounts/verification/", {"action": "change", "email": f"{number}@example.org"})

    expected = [
        (Client(), 0),
        (client_of(reader), 2),
        (client_of(unverified), 3),
        (newcomer, 3),
    ]  # the session; the user; the mails
    for client, number in expected:
        with django_assert_num_queries(number):
            client.get(BAR)


def test_hint_is_mistyped_while_the_banner_suggests_another_address(sign_up):
    client = sign_up("anna@gmial.com")
    assert client.cookies["reader"].value == "mistyped"
    client.post("/accounts/verification/", {"action": "change", "email": "anna@gmail.com"})
    assert client.cookies["reader"].value == "unverified"


def test_hint_follows_the_reader_from_signup_to_logout(sign_up):
    client = sign_up("anna@example.org")
    assert client.cookies["reader"].value == "unverified"

    User.objects.get().emailaddress_set.update(verified=True)
    client.get(BAR)
    assert client.cookies["reader"].value == "member"

    client.post("/accounts/logout/")
    client.get(BAR)  # shows the message of the log-out
    assert client.cookies["reader"].value == ""


def test_hint_is_readable_by_scripts_and_lives_as_long_as_the_session(reader, stranger, settings):
    response = stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})

    cookie = response.cookies["reader"]
    assert cookie["httponly"] == ""
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == settings.SESSION_COOKIE_AGE == response.cookies["sessionid"]["max-age"]


def test_hint_is_set_again_when_it_was_lost_and_not_otherwise(reader, client_of):
    client = client_of(reader)

    assert hint(client.get(BAR)) == "member"
    assert hint(client.get(BAR)) is None


def test_hint_is_deleted_when_the_session_is_gone(reader, client_of):
    client = client_of(reader)
    client.get(BAR)
    del client.cookies["sessionid"]

    assert hint(client.get(BAR)) == ""


def test_hint_is_guest_while_a_message_waits(reader, client_of):
    client = client_of(reader)

    assert hint(client.post("/accounts/logout/")) == "guest"
    assert hint(client.get(BAR)) == ""


def test_hint_is_guest_while_an_anonymous_draft_waits(stranger):
    stranger.cookies["waiting"] = "0b5a2c8e-2c1c-4b7e-9d3c-1f2a3b4c5d6e"

    assert hint(stranger.get(BAR)) == "guest"


def test_hint_is_guest_in_the_response_that_saves_a_draft(rf):
    def save_draft(request):
        response = HttpResponse()
        response.set_cookie("waiting", "0b5a2c8e")
        return response

    request = rf.post("/articles/a/comments/")
    request.session = Client().session

    assert hint(HintCookieMiddleware(save_draft)(request)) == "guest"


def test_hint_is_not_set_by_a_public_page_that_reads_the_session(rf):
    def careless_page(request):
        request.public_page = True
        request.session.get("x")
        return HttpResponse()

    request = rf.get("/")
    request.session, request.COOKIES = Client().session, {"waiting": "0b5a2c8e"}

    assert hint(HintCookieMiddleware(careless_page)(request)) is None


def test_anonymous_visitors_get_no_hint(stranger):
    assert hint(stranger.get(BAR)) is None
    assert hint(stranger.get("/accounts/login/")) is None


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/zh-hans/",
        "/articles/a/",
        "/feed/",
        "/robots.txt",
        "/sitemap.xml",
        "/healthz",
        "/readyz",
        "/status",
    ],
)
def test_public_and_health_pages_set_no_cookie(path, reader, unverified, editor, client_of, stranger):
    make_article("a")
    waiting = Client()
    waiting.cookies["waiting"] = "0b5a2c8e-2c1c-4b7e-9d3c-1f2a3b4c5d6e"
    for client in (stranger, waiting, client_of(reader), client_of(unverified), client_of(editor)):
        response = client.get(path)
        assert response.status_code in (200, 503)
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")


def test_public_page_is_the_same_for_everybody(reader, client_of, stranger):
    make_article("a")

    member_response, anonymous_response = client_of(reader).get("/articles/a/"), stranger.get("/articles/a/")

    assert member_response.content == anonymous_response.content
    assert "/accounts/login/?next=/articles/a/" in member_response.content.decode()
    assert "csrf" not in member_response.content.decode()

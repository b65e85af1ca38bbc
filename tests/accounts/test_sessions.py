"""Whose session it is: told by the session itself, by Django's own rules, whatever was noted beside it to save a query."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.middleware import SessionUserMiddleware
from accounts.models import User
from accounts.session_store import SessionStore
from ictiger.pagecache.public_write import public_write
from tests.factories import make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

BAR = "/me/bar/"


@pytest.fixture
def client(reader, client_of) -> Client:
    """A browser in which the reader is signed in."""
    User.objects.filter(pk=reader.pk).update(display_name="Anna")
    client = client_of(reader)
    assert who(client) == "Anna"
    return client


def who(client: Client) -> str:
    """The name that the bar greets by; "" for a stranger."""
    text = client.get(BAR).content.decode()
    return text.partition('<span class="account-name">')[2].partition("<")[0]


def request_of(client: Client) -> HttpRequest:
    """A request that has asked nothing yet."""
    request = RequestFactory().get(BAR)
    request.session = SessionStore(key_of(client))
    SessionUserMiddleware(lambda _request: None).process_request(request)
    return request


def hold(client: Client, **data: object) -> None:
    """Let the session hold this as well, signed as Django signs it."""
    store = SessionStore(key_of(client))
    store.update(data)
    store.save()


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_session_and_reader_come_in_one_query(reader, unverified, client_of, django_assert_num_queries):
    for user in (reader, unverified):
        request = request_of(client_of(user))
        with django_assert_num_queries(1):
            assert request.user.pk == user.pk
            assert request.user.has_verified_address is (user == reader)


def test_session_that_nothing_was_noted_of_is_good(client):
    UserSession.objects.all().delete()
    assert who(client) == "Anna"


@pytest.mark.parametrize("noted", [True, False])
def test_session_that_has_ended_is_nobodys(client, noted):
    Session.objects.all().delete()
    if not noted:
        UserSession.objects.all().delete()
    assert who(client) == ""
    assert not client.cookies[settings.SESSION_COOKIE_NAME].value


def test_session_that_has_expired_is_nobodys(client):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert who(client) == ""


def test_session_ends_in_other_browsers_with_a_new_password(client, reader, client_of):
    elsewhere = client_of(reader)
    reader.set_password("another horse battery staple")
    reader.save()
    assert (who(client), who(elsewhere)) == ("", "")
    assert not Session.objects.exists()


def test_who_changes_the_password_stays_in_this_browser_alone(stranger, reader, client_of):
    User.objects.filter(pk=reader.pk).update(display_name="Anna")
    stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
    elsewhere, before = client_of(reader), key_of(stranger)
    new = "another horse battery staple"
    stranger.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert key_of(stranger) != before
    assert (who(stranger), who(elsewhere)) == ("Anna", "")


def test_account_that_is_switched_off_is_nobodys(client):
    User.objects.update(is_active=False)
    assert who(client) == ""


def test_account_that_is_gone_is_nobodys(client, reader):
    with public_write():
        reader.delete()
    assert Session.objects.exists()
    assert who(client) == ""


def test_what_is_noted_lets_nobody_into_anothers_account(client, moderator):
    UserSession.objects.update(user=moderator)
    assert who(client) == "Anna"


def test_what_is_noted_makes_nobody_of_a_session_that_is_nobodys(client, reader):
    hold(client)
    store = SessionStore(key_of(client))
    for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY):
        del store[name]
    store.save()
    assert UserSession.objects.filter(user=reader, session_key=key_of(client)).exists()
    assert who(client) == ""


@pytest.mark.parametrize("data", ["", "forged", "eyJfYXV0aF91c2VyX2lkIjoiMSJ9:1abcde:forged"])
def test_session_whose_signature_is_broken_is_nobodys(client, data):
    Session.objects.update(session_data=data)
    assert who(client) == ""


def test_session_of_a_backend_that_is_not_ours_is_nobodys(client):
    hold(client, **{BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
    assert who(client) == ""


@pytest.mark.parametrize("fingerprint", ["", "0" * 64])
def test_session_with_another_hash_is_nobodys(client, fingerprint):
    hold(client, **{HASH_SESSION_KEY: fingerprint})
    assert who(client) == ""
    assert not Session.objects.exists()


def test_session_of_somebody_else_by_its_data_is_theirs_by_their_own_hash_alone(client, reader):
    other = make_user(display_name="Bo")
    hold(client, **{SESSION_KEY: str(other.pk)})
    assert who(client) == ""


def test_session_survives_a_new_secret_and_gets_a_new_key(client, settings):
    before = key_of(client)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret " * 4
    assert who(client) == "Anna"
    assert key_of(client) != before
    assert not Session.objects.filter(session_key=before).exists()
    assert who(client) == "Anna"
    settings.SECRET_KEY_FALLBACKS = []
    assert who(client) == "Anna"


def test_session_does_not_survive_a_new_secret_alone(client, settings):
    settings.SECRET_KEY = "another secret " * 4
    assert who(client) == ""


def test_reader_is_read_when_asked_for_and_not_with_a_session_read_before(client, reader):
    request = request_of(client)
    assert request.session[SESSION_KEY] == str(reader.pk)
    reader.set_password("another horse battery staple")
    reader.save()
    assert not request.user.is_authenticated


def test_what_was_put_into_the_session_stays_in_it(client):
    request = request_of(client)
    request.session["note"] = "kept"
    assert request.user.is_authenticated
    assert request.session["note"] == "kept"


def test_reader_is_read_once_in_a_request(client, django_assert_num_queries):
    request = request_of(client)
    assert request.user.is_authenticated
    with django_assert_num_queries(0):
        assert request.user.is_authenticated


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "x" * 32,
        "x" * 4000,
        "' OR 1=1 --",
        r'"\000aaaaaaaa"',
        "专利专利".encode().decode("latin-1"),
    ],
)
def test_cookie_that_is_no_key_is_nobodys(stranger, key):
    response = stranger.get(BAR, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
    assert response.status_code == 200
    assert not response.wsgi_request.user.is_authenticated

"""A session's signed data decides whose session it is, whatever allauth's UserSession row says."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.session_store import SessionStore
from ictiger.pagecache.public_write import public_write
from tests.factories import make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

BAR = "/me/bar/"


@pytest.fixture
def client(reader, client_of) -> Client:
    """A browser in which the reader is logged in."""
    User.objects.filter(pk=reader.pk).update(display_name="Anna")
    client = client_of(reader)
    assert displayed_name(client) == "Anna"
    return client


def displayed_name(client: Client) -> str:
    """The name that the bar shows; "" when nobody is logged in."""
    text = client.get(BAR).content.decode()
    return text.partition('<span class="account-name">')[2].partition("<")[0]


def save_in_session(client: Client, **data: object) -> None:
    """Add `data` to the session, signed as Django signs it."""
    store = SessionStore(key_of(client))
    store.update(data)
    store.save()


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_session_without_a_usersession_row_is_valid(client):
    UserSession.objects.all().delete()
    assert displayed_name(client) == "Anna"


@pytest.mark.parametrize("has_usersession", [True, False])
def test_deleted_session_is_anonymous(client, has_usersession):
    Session.objects.all().delete()
    if not has_usersession:
        UserSession.objects.all().delete()
    assert displayed_name(client) == ""
    assert not client.cookies[settings.SESSION_COOKIE_NAME].value


def test_expired_session_is_anonymous(client):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert displayed_name(client) == ""


def test_session_ends_in_other_browsers_with_a_new_password(client, reader, client_of):
    other_browser = client_of(reader)
    reader.set_password("another horse battery staple")
    reader.save()
    assert (displayed_name(client), displayed_name(other_browser)) == ("", "")
    assert not Session.objects.exists()


def test_password_change_keeps_only_its_own_browser_logged_in(stranger, reader, client_of):
    User.objects.filter(pk=reader.pk).update(display_name="Anna")
    stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
    other_browser, before = client_of(reader), key_of(stranger)
    new = "another horse battery staple"
    stranger.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert key_of(stranger) != before
    assert (displayed_name(stranger), displayed_name(other_browser)) == ("Anna", "")


def test_session_of_an_inactive_account_is_anonymous(client):
    User.objects.update(is_active=False)
    assert displayed_name(client) == ""


def test_session_of_a_deleted_account_is_anonymous(client, reader):
    with public_write():
        reader.delete()
    assert Session.objects.exists()
    assert displayed_name(client) == ""


def test_usersession_row_of_another_user_does_not_change_the_user(client, moderator):
    UserSession.objects.update(user=moderator)
    assert displayed_name(client) == "Anna"


def test_usersession_row_does_not_log_an_anonymous_session_in(client, reader):
    save_in_session(client)
    store = SessionStore(key_of(client))
    for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY):
        del store[name]
    store.save()
    assert UserSession.objects.filter(user=reader, session_key=key_of(client)).exists()
    assert displayed_name(client) == ""


@pytest.mark.parametrize("data", ["", "forged", "eyJfYXV0aF91c2VyX2lkIjoiMSJ9:1abcde:forged"])
def test_session_with_a_broken_signature_is_anonymous(client, data):
    Session.objects.update(session_data=data)
    assert displayed_name(client) == ""


def test_session_of_another_backend_is_anonymous(client):
    save_in_session(client, **{BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
    assert displayed_name(client) == ""


@pytest.mark.parametrize("fingerprint", ["", "0" * 64])
def test_session_with_another_password_hash_is_anonymous(client, fingerprint):
    save_in_session(client, **{HASH_SESSION_KEY: fingerprint})
    assert displayed_name(client) == ""
    assert not Session.objects.exists()


def test_session_with_another_user_id_needs_that_users_hash(client, reader):
    other = make_user(display_name="Bo")
    save_in_session(client, **{SESSION_KEY: str(other.pk)})
    assert displayed_name(client) == ""


def test_session_survives_a_new_secret_and_gets_a_new_key(client, settings):
    before = key_of(client)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret " * 4
    assert displayed_name(client) == "Anna"
    assert key_of(client) != before
    assert not Session.objects.filter(session_key=before).exists()
    assert displayed_name(client) == "Anna"
    settings.SECRET_KEY_FALLBACKS = []
    assert displayed_name(client) == "Anna"


def test_session_does_not_survive_a_new_secret_alone(client, settings):
    settings.SECRET_KEY = "another secret " * 4
    assert displayed_name(client) == ""


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
def test_invalid_session_cookie_is_anonymous(stranger, key):
    response = stranger.get(BAR, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
    assert response.status_code == 200
    assert not response.wsgi_request.user.is_authenticated


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/sessions/",
        "/accounts/2fa/",
        "/accounts/password/change/",
        "/accounts/password/reset/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/me/",
    ],
)
def test_personal_pages_are_not_stored(client_of, reader, stranger, path):
    browser = stranger if path.endswith(("login/", "signup/", "reset/")) else client_of(reader)
    response = browser.get(path)
    assert response.status_code in (200, 302)
    assert "no-store" in response["Cache-Control"]

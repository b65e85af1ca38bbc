"""The same form sent twice is one sign-up, one reset, one code: also without JavaScript."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import form_submissions
from accounts.erasure import erase_account
from accounts.login_codes import login_code
from accounts.models import FormSubmission, User
from ictiger.mail.models import Mail
from tests.factories import PASSWORD, make_user

ADDRESS = "anna@example.org"
ALL_DATA = {"email": ADDRESS, "password1": PASSWORD}


def submission_on(path: str, client: Client | None = None) -> str:
    html = (client or Client()).get(path).content.decode()
    return re.search(r'<input type="hidden" name="submission" value="([^"]+)"', html)[1]


def user_of(client: Client) -> int:
    return int(client.session["_auth_user_id"])


def mails(purpose: str) -> list[Mail]:
    return list(Mail.objects.filter(purpose=purpose))


@pytest.fixture
def sign_up_form(db) -> dict[str, str]:
    return ALL_DATA | {"submission": submission_on("/accounts/signup/")}


def test_signup_form_sent_twice_is_one_account_with_one_mail(sign_up_form):
    """A browser without a session sends the form again before the first response has come."""
    browsers = [Client(), Client()]
    for browser in browsers:
        assert browser.post("/accounts/signup/", sign_up_form).status_code == 302
    user = User.objects.get()
    assert [user_of(browser) for browser in browsers] == [user.pk] * 2
    assert len(mails("accounts/verification")) == 1
    assert ADDRESS in browsers[1].get("/accounts/verification/").content.decode()


@pytest.mark.parametrize("change", [{"email": "bea@example.org"}, {"password1": PASSWORD + "!"}])
def test_other_details_under_the_same_id_come_back_with_a_new_id(sign_up_form, change):
    Client().post("/accounts/signup/", sign_up_form)
    browser, changed = Client(), sign_up_form | change
    html = browser.post("/accounts/signup/", changed).content.decode()
    assert "This form was sent before, with other details." in html
    assert f'value="{changed["email"]}"' in html
    assert "_auth_user_id" not in browser.session
    assert User.objects.count() == 1
    new_id = re.search(r'name="submission" value="([^"]+)"', html)[1]
    assert new_id != sign_up_form["submission"]
    assert browser.post("/accounts/signup/", changed | {"submission": new_id}).status_code == 302
    assert User.objects.count() == 2


@pytest.mark.parametrize("submission", ["", "no uuid", "0" * 400, "\x00"])
def test_signup_with_a_damaged_id_is_a_signup(db, submission):
    assert Client().post("/accounts/signup/", ALL_DATA | {"submission": submission}).status_code == 302
    assert User.objects.get().email == ADDRESS


def test_form_sent_again_after_the_first_response_leads_to_the_account(sign_up_form):
    """The first response has logged the browser in, which changes its CSRF token."""
    browser = Client(enforce_csrf_checks=True)
    html = browser.get("/accounts/signup/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)[1]
    form = sign_up_form | {"csrfmiddlewaretoken": token}
    assert browser.post("/accounts/signup/", form).status_code == 302
    again = browser.post("/accounts/signup/", form)
    assert (again.status_code, again["Location"]) == (302, "/accounts/verification/")
    assert User.objects.count() == 1


def test_signup_form_of_a_deleted_account_makes_a_new_one(sign_up_form):
    Client().post("/accounts/signup/", sign_up_form)
    erase_account(User.objects.get())
    assert Client().post("/accounts/signup/", sign_up_form).status_code == 302
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        ("/accounts/password/reset/", "accounts/password_reset", "accounts/unknown_account"),
        ("/accounts/login/code/", "accounts/login_code", "accounts/unknown_account"),
    ],
)
@pytest.mark.parametrize("has_account", [True, False])
def test_form_that_asks_for_a_mail_sent_twice_sends_one(db, path, known, unknown, has_account):
    if has_account:
        make_user(ADDRESS)
    data = {"email": ADDRESS, "submission": submission_on(path)}
    assert [Client().post(path, data).status_code for _time in range(2)] == [302, 302]
    assert len(mails(known if has_account else unknown)) == 1
    Client().post(path, {"email": ADDRESS, "submission": submission_on(path)})
    assert len(mails(known if has_account else unknown)) == 2


def test_one_code_works_whichever_response_the_browser_shows(db, composed_code: Callable[[Mail], str]):
    user = make_user(ADDRESS)
    data = {"email": ADDRESS, "submission": submission_on("/accounts/login/code/")}
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/accounts/login/code/", data)
    (mail,) = mails("accounts/login_code")
    for browser in browsers:
        browser.post("/accounts/login/code/confirm/", {"code": composed_code(mail)})
        assert user_of(browser) == user.pk


@pytest.fixture
def composed_code() -> Callable[[Mail], str]:
    return lambda mail: login_code(mail.context["nonce"])


def test_same_form_minutes_later_is_a_new_wish_with_a_new_code(db):
    make_user(ADDRESS)
    data = {"email": ADDRESS, "submission": submission_on("/accounts/login/code/")}
    Client().post("/accounts/login/code/", data)
    FormSubmission.objects.update(created_at=timezone.now() - form_submissions.SAME_WISH)
    Client().post("/accounts/login/code/", data)
    first, second = mails("accounts/login_code")
    assert first.context["nonce"] != second.context["nonce"]


def test_mail_to_another_address_is_another_wish(db):
    for address in (ADDRESS, "bea@example.org"):
        make_user(address)
    submission = submission_on("/accounts/password/reset/")
    for address in (ADDRESS, "bea@example.org"):
        Client().post("/accounts/password/reset/", {"email": address, "submission": submission})
    assert sorted(mail.recipient for mail in mails("accounts/password_reset")) == [ADDRESS, "bea@example.org"]


def test_notes_of_sent_forms_hold_no_address_and_are_deleted_after_a_day(sign_up_form):
    Client().post("/accounts/signup/", sign_up_form)
    make_user("bea@example.org")
    data = {"email": "bea@example.org", "submission": str(uuid.uuid4())}
    Client().post("/accounts/password/reset/", data)
    assert "example.org" not in str(list(FormSubmission.objects.values_list("key", "nonce")))
    assert form_submissions.prune_submissions() == 0
    FormSubmission.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert form_submissions.prune_submissions() == 2
    assert User.objects.count() == 2


needs_races = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL's concurrent writers"
)


@needs_races
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_second_post_during_the_first_is_the_same_signup(in_threads):
    form = ALL_DATA | {"submission": submission_on("/accounts/signup/")}
    browsers = [Client() for _number in range(4)]
    statuses = in_threads(
        [lambda browser=browser: browser.post("/accounts/signup/", form).status_code for browser in browsers]
    )
    assert statuses == [302] * 4
    user = User.objects.get()
    assert [user_of(browser) for browser in browsers] == [user.pk] * 4
    assert Mail.objects.count() == 1


@needs_races
@pytest.mark.parametrize("path", ["/accounts/password/reset/", "/accounts/login/code/"])
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_simultaneous_requests_for_a_mail_queue_one(in_threads, path):
    make_user(ADDRESS)
    data = {"email": ADDRESS, "submission": submission_on(path)}
    statuses = in_threads([lambda: Client().post(path, data).status_code for _number in range(3)])
    assert statuses == [302] * 3
    assert Mail.objects.count() == 1

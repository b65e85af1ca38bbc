"""A mailbox's owner gets the account that a squatter made with the address, and the squatter loses it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import login_codes
from accounts.models import User
from accounts.verification import addresses, flow
from comments.models import Comment
from comments.policy import State
from ictiger.mail.models import Mail
from tests.accounts.conftest import PASSWORD
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

OWNER = "owner@example.org"
NEW = "an entirely new password"


@dataclass
class Squat:
    """The browsers of the squatter and of the owner, and the account with its comment."""

    squatter: Client
    owner: Client
    user: User
    comment: Comment


@pytest.fixture
def squat(sign_up) -> Squat:
    """A squatter has signed up, set up an authenticator and recovery codes, and written a comment that waits
    for the address.
    """
    squatter = sign_up(OWNER)
    user = User.objects.get()
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    comment = make_comment(make_article(), author=user, state=State.UNVERIFIED, body="Words of the squatter.")
    assert is_signed_in(squatter)
    return Squat(squatter, Client(), user, comment)


def is_signed_in(client: Client) -> bool:
    return "Log out" in client.get("/me/bar/").content.decode()


def state_of(comment: Comment) -> str:
    return Comment.objects.get(pk=comment.pk).state


def prove_by_reset(squat: Squat, link_to: Callable[[str], str]) -> None:
    squat.owner.post("/accounts/password/reset/", {"email": OWNER})
    page = squat.owner.get(link_to("accounts/password_reset")).headers["Location"]
    squat.owner.post(page, {"password1": NEW, "password2": NEW})


def prove_by_code(squat: Squat, link_to: Callable[[str], str]) -> None:
    squat.owner.post("/accounts/login/code/", {"email": OWNER})
    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])
    squat.owner.post("/accounts/login/code/confirm/", {"code": code})


def prove_by_link(squat: Squat, link_to: Callable[[str], str]) -> None:
    """The link leads to the page that sets a password, which logs in."""
    page = squat.owner.post(link_to("accounts/verification"), follow=True)
    assert page.redirect_chain[-1][0].endswith("-set-password/")
    squat.owner.post(page.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})


WAYS = pytest.mark.parametrize("prove", [prove_by_reset, prove_by_code, prove_by_link])


@pytest.fixture
def link_to(mailbox, link_in) -> Callable[[str], str]:
    """`link_to(purpose)`: the path of the link in the owner's mail of that purpose."""

    def path(purpose: str) -> str:
        index = list(
            Mail.objects.filter(recipient=OWNER).order_by("pk").values_list("purpose", flat=True)
        ).index(purpose)
        return link_in(mailbox(OWNER)[index])

    return path


@WAYS
def test_owner_is_logged_in_and_the_squatter_logged_out(squat, link_to, prove):
    prove(squat, link_to)

    assert squat.user.is_verified
    assert is_signed_in(squat.owner), "the squatter's second factor must not be required"
    assert not is_signed_in(squat.squatter)


@WAYS
def test_password_and_second_factors_of_the_squatter_are_void(squat, link_to, prove):
    prove(squat, link_to)

    response = Client().post("/accounts/login/", {"login": OWNER, "password": PASSWORD})

    assert "This address and this password do not match." in response.content.decode()
    assert not Authenticator.objects.exists()


@WAYS
def test_session_of_the_squatter_is_deleted(squat, link_to, prove):
    key = squat.squatter.session.session_key
    prove(squat, link_to)

    assert not Session.objects.filter(session_key=key).exists()


@WAYS
def test_comment_of_the_squatter_is_not_published(squat, link_to, prove):
    prove(squat, link_to)

    assert state_of(squat.comment) == State.UNVERIFIED
    assert "See whether it is yours" in squat.owner.get("/me/bar/").content.decode()
    assert "Words of the squatter." in squat.owner.get("/accounts/waiting/").content.decode()


@WAYS
def test_half_finished_login_of_the_squatter_fails(squat, link_to, prove):
    """The squatter has given the password, but not the authenticator's code, when the owner comes."""
    half_way = Client()
    half_way.post("/accounts/login/", {"login": OWNER, "password": PASSWORD})
    prove(squat, link_to)

    half_way.post("/accounts/2fa/authenticate/", {"code": "123456"})

    assert not is_signed_in(half_way)


def test_owner_discards_pending_content(squat, link_to):
    prove_by_reset(squat, link_to)

    squat.owner.post("/accounts/waiting/", {"action": "discard"})

    assert not Comment.objects.filter(pk=squat.comment.pk).exists()
    assert "See whether it is yours" not in squat.owner.get("/me/bar/").content.decode()


def test_owner_publishes_pending_content(squat, link_to):
    prove_by_reset(squat, link_to)

    squat.owner.post("/accounts/waiting/", {"action": "publish"})

    assert state_of(squat.comment) == State.PENDING
    assert "Nothing is waiting" in squat.owner.get("/accounts/waiting/").content.decode()


@pytest.mark.parametrize("fields", [{}, {"action": "explode"}])
def test_pending_content_without_a_valid_action_is_400(squat, link_to, fields):
    prove_by_reset(squat, link_to)

    response = squat.owner.post("/accounts/waiting/", fields)

    assert response.status_code == 400
    assert state_of(squat.comment) == State.UNVERIFIED


def test_discard_without_pending_content_changes_nothing(reader, client_of):
    client_of(reader).post("/accounts/waiting/", {"action": "discard"})

    assert User.objects.get().is_verified


def test_link_page_explains_the_hand_over(squat, link_to):
    text = squat.owner.get(link_to("accounts/verification")).content.decode()

    assert "confirming here logs the account out everywhere and removes its password" in text
    assert "A comment waits under this account:" in text
    assert "this comment goes on its way" not in text
    assert re.search(r'href="/accounts/login/\?next=/accounts/confirm-email/[^"]+">Log in first', text)


def test_link_opened_by_another_account_hands_over_and_leaves_that_account_alone(
    squat, link_to, reader, client_of
):
    other = client_of(reader)

    other.post(link_to("accounts/verification"))

    assert squat.user.is_verified
    assert not is_signed_in(squat.squatter)
    assert other.session["_auth_user_id"] == str(reader.pk)


def test_link_in_the_accounts_own_session_only_verifies(squat, link_to):
    squat.squatter.post(link_to("accounts/verification"))

    user = User.objects.get(pk=squat.user.pk)
    assert user.is_verified
    assert is_signed_in(squat.squatter)
    assert user.check_password(PASSWORD)
    assert Authenticator.objects.count() == 2
    assert state_of(squat.comment) == State.PENDING


def test_mistyped_new_address_does_not_give_the_account_away(reader, stranger, client_of, mailbox, link_in):
    """The link in the mistyped mailbox asks for a log-in to the account."""
    addresses.send_verification(addresses.change_address(reader, "typo@example.org"))
    link = link_in(mailbox("typo@example.org")[0])

    for browser in (stranger, client_of(make_user())):
        assert (
            "Only who is logged in to that account can confirm the change."
            in browser.get(link).content.decode()
        )
        assert browser.post(link).status_code == 403

    reader.refresh_from_db()
    assert reader.email == "reader@example.org"
    client_of(reader).post(link)
    reader.refresh_from_db()
    assert reader.email == "typo@example.org"


def test_later_proofs_do_not_hand_over(reader, stranger):
    TOTP.activate(reader, generate_totp_secret())
    stranger.post("/accounts/login/code/", {"email": reader.email})
    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])

    response = stranger.post("/accounts/login/code/confirm/", {"code": code}, follow=True)

    assert response.redirect_chain[-1][0] == "/accounts/2fa/authenticate/"
    assert Authenticator.objects.count() == 1


def test_proof_that_loses_a_race_changes_nothing(squat, rf, monkeypatch):
    """Another account's confirmation is committed between our read and our write."""
    make_user(OWNER)
    monkeypatch.setattr(EmailAddress, "can_set_verified", lambda _self: True)
    request = rf.post("/")
    request.user = make_user()

    assert flow.verify_mailbox(request, squat.user, squat.user.emailaddress_set.get()) is False

    user = User.objects.get(pk=squat.user.pk)
    assert user.check_password(PASSWORD)
    assert Authenticator.objects.filter(user=user).count() == 2

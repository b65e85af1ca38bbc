"""The link for a mailbox's owner who gets a verification mail without having signed up."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import BlockedMailbox, User
from accounts.verification import addresses, blocks
from comments.models import Comment
from comments.policy import State
from tests.accounts.conftest import PASSWORD, purposes
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.org"


@pytest.fixture
def not_me(sign_up, mailbox) -> str:
    """The path of the link in the mail to VICTIM, with whose address somebody else has signed up."""
    sign_up(VICTIM)
    return re.search(r"http://testserver(/accounts/not-me/\S+)", mailbox(VICTIM)[0].body)[1]


def test_get_deletes_nothing(not_me, stranger):
    response = stranger.get(not_me)

    assert VICTIM in response.content.decode()
    assert User.objects.exists()
    assert not BlockedMailbox.objects.exists()


def test_post_deletes_the_account_with_its_comments_and_mails(not_me, stranger):
    make_comment(make_article(), author=User.objects.get(email=VICTIM), state=State.UNVERIFIED)

    response = stranger.post(not_me)

    assert "Thank you, it is undone" in response.content.decode()
    assert not User.objects.filter(email=VICTIM).exists()
    assert not Comment.objects.exists()
    assert purposes() == [], (
        "queued mails must be deleted, and no last mail sent to a mailbox that never signed up"
    )


def test_blocked_address_is_refused_by_signup_and_change_for_thirty_days(
    not_me, stranger, client_of, time_machine
):
    stranger.post(not_me)
    other = make_user(verified=False)

    signup = stranger.post("/accounts/signup/", {"email": VICTIM.upper(), "password1": PASSWORD})
    change = client_of(other).post("/accounts/verification/", {"action": "change", "email": VICTIM})

    for response in (signup, change):
        assert "The owner of this mailbox has asked us not to send mail there." in response.content.decode()
    assert not EmailAddress.objects.filter(email=VICTIM).exists()
    time_machine.move_to(timezone.now() + timedelta(days=30, seconds=1))
    assert stranger.post("/accounts/signup/", {"email": VICTIM, "password1": PASSWORD}).status_code == 302


def test_blocked_address_gets_no_mail_from_another_account(not_me, stranger, client_of):
    other = make_user(VICTIM, verified=False)
    stranger.post(not_me)

    response = client_of(other).post("/accounts/verification/", {"action": "resend"})

    assert response.status_code == 429
    assert "has asked us not to send mail there" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "shape"), [("/accounts/password/reset/", "email"), ("/accounts/login/code/", "email")]
)
def test_blocked_address_gets_no_mail_about_an_unknown_account(not_me, stranger, path, shape):
    stranger.post(not_me)

    assert stranger.post(path, {shape: VICTIM}).status_code == 302
    assert purposes(recipient=VICTIM) == []


def test_block_stores_no_address(not_me, stranger):
    stranger.post(not_me)

    assert "victim" not in str(BlockedMailbox.objects.values().get())


def test_link_does_not_delete_an_account_verified_since(not_me, stranger):
    EmailAddress.objects.update(verified=True)

    for response in (stranger.get(not_me), stranger.post(not_me)):
        assert "This link can no longer undo anything" in response.content.decode()
    assert User.objects.filter(email=VICTIM).exists()
    assert not BlockedMailbox.objects.exists()


def test_link_does_not_delete_an_account_verified_during_the_request(not_me, stranger, monkeypatch):
    address = EmailAddress.objects.get()
    link = addresses.ConfirmationLink(addresses.LinkState.GOOD, address)
    EmailAddress.objects.update(verified=True)
    first_reads = iter([link])
    read_not_me = addresses.read_not_me
    monkeypatch.setattr(addresses, "read_not_me", lambda key: next(first_reads, None) or read_not_me(key))

    response = stranger.post(not_me)

    assert "This link can no longer undo anything" in response.content.decode()
    assert User.objects.filter(email=VICTIM).exists()


def test_link_of_a_pending_change_deletes_the_address_only(reader, stranger, mailbox):
    addresses.send_verification(addresses.change_address(reader, VICTIM))
    link = re.search(r"http://testserver(/accounts/not-me/\S+)", mailbox(VICTIM)[0].body)[1]

    stranger.post(link)

    assert list(reader.emailaddress_set.values_list("email", "verified")) == [(reader.email, True)]
    assert blocks.is_blocked(VICTIM)


def test_link_of_a_staff_account_is_404(not_me, stranger):
    User.objects.update(is_staff=True)

    assert stranger.post(not_me).status_code == 404
    assert User.objects.exists()


@pytest.mark.parametrize("altered", ["x", "{key}A", "{start}", "读者"])
def test_altered_link_is_404_with_an_explanation(not_me, stranger, altered):
    key = not_me.split("/")[-2]

    response = stranger.post(not_me.replace(key, altered.format(key=key, start=key[:-1])))

    assert response.status_code == 404
    assert "This link leads nowhere" in response.content.decode()
    assert User.objects.exists()


def test_confirmation_key_cannot_delete(not_me, stranger):
    key = addresses.link_key(EmailAddress.objects.get())

    assert stranger.post(f"/accounts/not-me/{key}/").status_code == 404
    assert User.objects.exists()


def test_link_expires_after_thirty_days(not_me, stranger, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=31))

    assert stranger.get(not_me).status_code == 404
    assert stranger.post(not_me).status_code == 404
    assert User.objects.filter(email=VICTIM).exists()


def test_used_link_is_404(not_me, stranger):
    stranger.post(not_me)

    assert stranger.post(not_me).status_code == 404


def test_expired_blocks_are_deleted(time_machine):
    blocks.block_mailbox("old@example.org")
    time_machine.move_to(timezone.now() + timedelta(days=20))
    blocks.block_mailbox("new@example.org")
    time_machine.move_to(timezone.now() + timedelta(days=11))

    assert blocks.prune_blocks() == 1
    assert blocks.is_blocked("new@example.org")

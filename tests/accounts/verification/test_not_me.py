"""The link for whoever gets a verification mail and did not ask for it."""

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
    """Somebody has signed up with the victim's address; the path of the link in the victim's mail."""
    sign_up(VICTIM)
    return re.search(r"http://testserver(/accounts/not-me/\S+)", mailbox(VICTIM)[0].body)[1]


def test_get_asks_and_deletes_nothing(not_me, stranger):
    response = stranger.get(not_me)

    assert VICTIM in response.content.decode()
    assert User.objects.exists()
    assert not BlockedMailbox.objects.exists()


def test_post_deletes_the_account_with_what_waited(not_me, stranger):
    make_comment(make_article(), author=User.objects.get(email=VICTIM), state=State.UNVERIFIED)

    response = stranger.post(not_me)

    assert "Thank you, it is undone" in response.content.decode()
    assert not User.objects.filter(email=VICTIM).exists()
    assert not Comment.objects.exists()
    assert purposes() == [], (
        "and the mails that were queued for it are gone, with no goodbye to a stranger's mailbox"
    )


def test_blocked_address_can_neither_sign_up_nor_be_changed_to_for_thirty_days(
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


def test_blocked_address_gets_no_mail_for_another_account_that_has_it(not_me, stranger, client_of):
    other = make_user(VICTIM, verified=False)
    stranger.post(not_me)

    response = client_of(other).post("/accounts/verification/", {"action": "resend"})

    assert response.status_code == 429
    assert "has asked us not to send mail there" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "shape"), [("/accounts/password/reset/", "email"), ("/accounts/login/code/", "email")]
)
def test_blocked_address_gets_no_mail_about_accounts_it_does_not_have(not_me, stranger, path, shape):
    stranger.post(not_me)

    assert stranger.post(path, {shape: VICTIM}).status_code == 302
    assert purposes(recipient=VICTIM) == []


def test_block_keeps_no_address(not_me, stranger):
    stranger.post(not_me)

    assert "victim" not in str(BlockedMailbox.objects.values().get())


def test_link_cannot_hit_an_account_that_was_confirmed_since(not_me, stranger):
    EmailAddress.objects.update(verified=True)

    for response in (stranger.get(not_me), stranger.post(not_me)):
        assert "This link can no longer undo anything" in response.content.decode()
    assert User.objects.filter(email=VICTIM).exists()
    assert not BlockedMailbox.objects.exists()


def test_link_cannot_hit_an_account_that_is_confirmed_while_the_button_is_pressed(
    not_me, stranger, monkeypatch
):
    address = EmailAddress.objects.get()
    good = addresses.ConfirmationLink(addresses.LinkState.GOOD, address)
    EmailAddress.objects.update(verified=True)
    looks = iter([good])
    real = addresses.read_not_me
    monkeypatch.setattr(addresses, "read_not_me", lambda key: next(looks, None) or real(key))

    response = stranger.post(not_me)

    assert "This link can no longer undo anything" in response.content.decode()
    assert User.objects.filter(email=VICTIM).exists()


def test_link_of_a_pending_change_takes_the_address_away_and_leaves_the_account(reader, stranger, mailbox):
    addresses.send_verification(addresses.change_address(reader, VICTIM))
    link = re.search(r"http://testserver(/accounts/not-me/\S+)", mailbox(VICTIM)[0].body)[1]

    stranger.post(link)

    assert list(reader.emailaddress_set.values_list("email", "verified")) == [(reader.email, True)]
    assert blocks.is_blocked(VICTIM)


def test_link_never_hits_staff(not_me, stranger):
    User.objects.update(is_staff=True)

    assert stranger.post(not_me).status_code == 404
    assert User.objects.exists()


@pytest.mark.parametrize("altered", ["x", "{key}A", "{start}", "读者"])
def test_altered_link_leads_nowhere_in_clear_words(not_me, stranger, altered):
    key = not_me.split("/")[-2]

    response = stranger.post(not_me.replace(key, altered.format(key=key, start=key[:-1])))

    assert response.status_code == 404
    assert "This link leads nowhere" in response.content.decode()
    assert User.objects.exists()


def test_confirmation_key_is_no_key_to_delete(not_me, stranger):
    key = addresses.link_key(EmailAddress.objects.get())

    assert stranger.post(f"/accounts/not-me/{key}/").status_code == 404
    assert User.objects.exists()


def test_link_dies_after_thirty_days(not_me, stranger, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=31))

    assert stranger.get(not_me).status_code == 404


def test_used_link_leads_nowhere(not_me, stranger):
    stranger.post(not_me)

    assert stranger.post(not_me).status_code == 404


def test_blocks_whose_time_is_over_are_forgotten(time_machine):
    blocks.block_mailbox("old@example.org")
    time_machine.move_to(timezone.now() + timedelta(days=20))
    blocks.block_mailbox("new@example.org")
    time_machine.move_to(timezone.now() + timedelta(days=11))

    assert blocks.prune_blocks() == 1
    assert blocks.is_blocked("new@example.org")

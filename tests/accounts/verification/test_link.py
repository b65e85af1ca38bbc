"""The page of the link in a verification mail."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.db import connection
from django.utils import timezone
from django.utils.safestring import mark_safe

from accounts.erasure import erase_account
from accounts.models import User
from accounts.verification import addresses, flow
from ictiger.mail.models import Mail
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(sign_up, mailbox, link_in) -> str:
    """The path of the link in the mail to anna@example.org, who has signed up."""
    sign_up("anna@example.org")
    return link_in(mailbox("anna@example.org")[0])


def is_verified() -> bool:
    return EmailAddress.objects.get(email="anna@example.org").verified


def test_get_shows_the_address_and_one_button_and_confirms_nothing(link, stranger):
    text = stranger.get(link).content.decode()

    assert "<h1>Confirm anna@example.org</h1>" in text
    assert text.count('<button type="submit" class="button">Confirm</button>') == 1
    assert not is_verified()


def test_post_confirms_without_a_login_and_logs_nobody_in(link, stranger):
    response = stranger.post(link, follow=True)

    assert is_verified()
    assert "Thank you. anna@example.org is confirmed" in response.content.decode()
    assert "<h1>Set a new password</h1>" in response.content.decode()
    assert "_auth_user_id" not in stranger.session


def test_page_after_confirming_does_not_call_the_link_used(sign_up, mailbox, link_in):
    client = sign_up("anna@example.org")
    link = link_in(mailbox("anna@example.org")[0])

    text = client.post(link, follow=True).content.decode()

    assert "anna@example.org is confirmed" in text
    assert "used already" not in text
    assert "used already" in client.get(link).content.decode()


def test_used_link_says_so(link, stranger):
    stranger.post(link)
    text = stranger.post(link).content.decode()

    assert "The link for anna@example.org was used already." in text


def test_confirmation_removes_the_banner_and_changes_the_hint(sign_up, mailbox, link_in):
    client = sign_up("anna@example.org")
    assert client.cookies["reader"].value == "unverified"

    response = client.post(link_in(mailbox("anna@example.org")[0]), follow=True)

    assert "data-banner" not in response.content.decode()
    assert client.cookies["reader"].value == "member"


def test_link_works_for_14_days_and_then_offers_a_new_mail(link, stranger, time_machine, mailbox):
    time_machine.move_to(timezone.now() + timedelta(days=13, hours=23), tick=False)
    assert "<h1>Confirm anna@example.org</h1>" in stranger.get(link).content.decode()

    time_machine.shift(timedelta(hours=2))
    assert "<h1>This link is too old</h1>" in stranger.get(link).content.decode()
    response = stranger.post(link, follow=True)

    assert not is_verified()
    assert "A new mail is on its way to anna@example.org." in response.content.decode()
    assert Mail.objects.filter(recipient="anna@example.org").count() == 2


def test_expired_link_has_the_same_mail_limit_as_the_banner(link, stranger, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=15), tick=False)
    stranger.post(link)

    response = stranger.post(link, follow=True)

    assert "You can ask for another in 60 seconds." in response.content.decode()
    assert Mail.objects.count() == 2


@pytest.mark.parametrize("altered", ["{key}A", "{start}", "读者", ":::", "x" * 5000])
def test_altered_link_is_404_with_an_explanation(link, stranger, altered):
    key = link.split("/")[-2]

    response = stranger.post(link.replace(key, altered.format(key=key, start=key[:20])))

    assert response.status_code == 404
    assert "This link leads nowhere" in response.content.decode()
    assert not is_verified()


def test_link_of_a_deleted_account_is_404(link, stranger):
    erase_account(User.objects.get())

    assert stranger.get(link).status_code == 404
    assert stranger.post(link).status_code == 404
    assert not EmailAddress.objects.exists()


def test_link_to_an_address_that_another_account_has_verified_cannot_verify_it(link, stranger):
    make_user("anna@example.org")

    response = stranger.post(link)

    assert "Another account has this address" in response.content.decode()
    assert EmailAddress.objects.filter(email="anna@example.org", verified=True).count() == 1


def test_confirmation_that_loses_a_race_returns_false(link, rf, monkeypatch):
    """Another account commits between our read and our write: the database's constraint decides."""
    address = EmailAddress.objects.get()
    make_user("anna@example.org")
    monkeypatch.setattr(EmailAddress, "can_set_verified", lambda _self: True)

    assert flow.mark_verified(rf.post(link), address) is False


def test_another_logged_in_user_stays_logged_in_and_sees_a_note(link, reader, client_of):
    client = client_of(reader)

    assert "You are logged in with another account here." in client.get(link).content.decode()
    client.post(link)

    assert client.session["_auth_user_id"] == str(reader.pk)
    assert is_verified()


def test_confirmation_and_its_signal_are_one_transaction(link, stranger):
    in_transaction = []

    def listen(*, email_address, **kwargs):
        in_transaction.append(connection.in_atomic_block and len(connection.savepoint_ids) > 0)
        raise RuntimeError("releasing failed")

    email_confirmed.connect(listen)
    try:
        with pytest.raises(RuntimeError):
            stranger.post(link)
    finally:
        email_confirmed.disconnect(listen)

    assert in_transaction == [True]
    assert not is_verified()


def test_page_shows_what_confirming_will_publish(link, stranger, monkeypatch):
    previews = [lambda user, **_: mark_safe(f"<p>Waiting of {user.pk}</p>")]
    monkeypatch.setattr("accounts.mail_link_views.confirmation_previews", previews)

    assert f"<p>Waiting of {User.objects.get().pk}</p>" in stranger.get(link).content.decode()


def test_link_in_chinese_stays_in_chinese(sign_up, mailbox, link_in, stranger):
    sign_up("anna@example.org", path="/zh-hans/accounts/signup/")

    link = link_in(mailbox("anna@example.org")[0])

    assert link.startswith("/zh-hans/accounts/confirm-email/")
    assert '<html lang="zh-hans">' in stranger.get(link).content.decode()


def test_pending_change_replaces_the_address_and_notifies_the_old_mailbox(
    reader, client_of, mailbox, link_in
):
    addresses.send_verification(addresses.change_address(reader, "new@example.org"))

    client_of(reader).post(link_in(mailbox("new@example.org")[0]))

    reader.refresh_from_db()
    assert reader.email == "new@example.org"
    assert list(reader.emailaddress_set.values_list("email", "verified", "primary")) == [
        ("new@example.org", True, True)
    ]
    assert "Your account has a new e-mail address." in mailbox("reader@example.org")[-1].body

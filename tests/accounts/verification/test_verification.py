"""The verification page: the status of the address, sending the mail again, and changing the address."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.verification import addresses, limits
from ictiger.mail.models import Mail, MailState
from tests.accounts.conftest import purposes
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PAGE = "/accounts/verification/"


@pytest.fixture
def newcomer(sign_up):
    """A browser logged in as anna@example.org, whose first mail was sent two minutes ago."""
    client = sign_up("anna@example.org")
    set_mail_state(MailState.SENT, sent_at=timezone.now() - timedelta(minutes=2))
    return client


def set_mail_state(state: MailState, *, ago: timedelta = timedelta(minutes=2), **fields) -> None:
    """Set the state of every mail, requested `ago`."""
    Mail.objects.update(state=state, created_at=timezone.now() - ago, **fields)


def page_text(client) -> str:
    return client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("state", "fields", "data_state", "text_part"),
    [
        (MailState.QUEUED, {}, "queued", "is on its way to"),
        (MailState.SENDING, {"lease_until": timezone.now()}, "queued", "is on its way to"),
        (MailState.QUEUED, {"attempts": 2, "reply": "451 4.7.1 greylisted"}, "retrying", "We try again at"),
        (
            MailState.SENT,
            {"sent_at": timezone.now(), "reply": "250 ok"},
            "sent",
            "Handed to the mail server at",
        ),
        (MailState.REFUSED, {"reply": "550 5.1.1 no such user"}, "refused", "there is no such mailbox"),
        (MailState.REFUSED, {"reply": "552 5.2.2 over quota"}, "refused", "the mailbox is full"),
        (MailState.REFUSED, {"reply": "550 5.7.1 blocked"}, "refused", "takes no mail from us"),
        (MailState.REFUSED, {"reply": "554 no"}, "refused", "did not say why"),
        (MailState.EXPIRED, {"attempts": 9}, "expired", "we have stopped trying"),
        (MailState.CANCELLED, {}, "none", "no mail is on its way"),
    ],
)
def test_banner_shows_the_state_of_the_mail(newcomer, state, fields, data_state, text_part):
    set_mail_state(state, **{"sent_at": None, **fields})

    text = page_text(newcomer)

    assert f'data-state="{data_state}"' in text
    assert text_part in text


def test_banner_appears_once_on_each_page(newcomer):
    assert page_text(newcomer).count("<aside") == 1
    assert newcomer.get("/accounts/me/").content.decode().count("<aside") == 1


def test_banner_suggests_a_corrected_address(sign_up):
    text = page_text(sign_up("anna@gmial.com"))

    assert "Did you mean anna@gmail.com?" in text
    assert '<input type="hidden" name="email" value="anna@gmail.com">' in text


def test_banner_does_not_show_mails_of_another_account(sign_up):
    sign_up("anna@example.org")
    set_mail_state(MailState.REFUSED, reply="550 5.1.1 no such user")
    other = sign_up("anna@example.org")
    Mail.objects.filter(state=MailState.QUEUED).delete()

    assert 'data-state="none"' in page_text(other)


def test_page_of_a_verified_reader_has_no_banner(reader, client_of):
    text = page_text(client_of(reader))

    assert "data-banner" not in text
    assert "reader@example.org is confirmed" in text


def test_page_redirects_anonymous_visitors_to_the_login(stranger):
    assert stranger.get(PAGE).headers["Location"] == "/accounts/login/?next=/accounts/verification/"


def test_resend_queues_another_mail_and_shows_its_state(newcomer):
    response = newcomer.post(PAGE, {"action": "resend"}, follow=True)

    assert response.redirect_chain == [(PAGE, 302)]
    assert purposes() == ["accounts/verification"] * 2
    assert 'data-state="queued"' in response.content.decode()


def test_resend_keeps_earlier_links_valid(newcomer, mailbox, link_in):
    newcomer.post(PAGE, {"action": "resend"})

    first, second = mailbox("anna@example.org")
    assert "<h1>Confirm anna@example.org</h1>" in newcomer.get(link_in(first)).content.decode()
    assert "<h1>Confirm anna@example.org</h1>" in newcomer.get(link_in(second)).content.decode()


def test_resend_within_the_minute_is_refused_with_the_seconds_left(newcomer, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    newcomer.post(PAGE, {"action": "resend"})
    time_machine.shift(timedelta(seconds=18))

    response = newcomer.post(PAGE, {"action": "resend"})

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "42"
    assert "You can ask for another in 42 seconds." in response.content.decode()
    assert 'data-wait="42"' in response.content.decode()
    assert len(purposes()) == 2


def test_resend_is_allowed_when_the_banner_says_so(newcomer, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    newcomer.post(PAGE, {"action": "resend"})
    time_machine.shift(timedelta(seconds=60))

    assert 'data-wait="0"' in page_text(newcomer)
    assert newcomer.post(PAGE, {"action": "resend"}).status_code == 302


def test_sixth_mail_within_the_hour_is_refused_with_the_minutes_left(newcomer, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    Mail.objects.update(created_at=timezone.now())
    for _ in range(4):
        time_machine.shift(timedelta(minutes=2))
        assert newcomer.post(PAGE, {"action": "resend"}).status_code == 302
    time_machine.shift(timedelta(minutes=2))

    response = newcomer.post(PAGE, {"action": "resend"})

    assert response.status_code == 429
    assert "You can ask for another in 50 minutes." in response.content.decode()
    assert len(purposes()) == 5


def test_the_limit_of_an_address_holds_for_every_account(newcomer, sign_up, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    newcomer.post(PAGE, {"action": "resend"})

    other = sign_up("anna@example.org")

    assert other.post(PAGE, {"action": "resend"}).status_code == 429


def test_the_limit_of_a_client_holds_for_many_addresses(newcomer, monkeypatch):
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 2)
    for number in range(2):
        assert newcomer.post(PAGE, {"action": "change", "email": f"{number}@example.org"}).status_code == 302

    response = newcomer.post(PAGE, {"action": "change", "email": "third@example.org"})

    assert response.status_code == 429
    assert "Too many mails have been requested from your connection." in response.content.decode()
    assert not User.objects.filter(email="third@example.org").exists()


def test_the_limit_of_an_account_is_ten_mails_an_hour_to_any_addresses(newcomer):
    for number in range(10):
        newcomer.post(PAGE, {"action": "change", "email": f"{number}@example.org"})

    assert len(purposes()) == 10
    assert 'data-state="none"' in page_text(newcomer)
    assert newcomer.post(PAGE, {"action": "resend"}).status_code == 429


def test_resend_does_nothing_for_a_verified_reader(reader, client_of):
    response = client_of(reader).post(PAGE, {"action": "resend"})

    assert "your address is confirmed already" in response.content.decode()
    assert purposes() == []


def test_change_sets_the_new_address_and_sends_a_mail(newcomer, mailbox):
    response = newcomer.post(PAGE, {"action": "change", "email": "Bea@Example.org"}, follow=True)

    user = User.objects.get()
    assert user.email == "bea@example.org"
    assert list(user.emailaddress_set.values_list("email", "verified", "primary")) == [
        ("bea@example.org", False, True)
    ]
    assert '<strong class="banner-address">bea@example.org</strong>' in response.content.decode()
    assert len(mailbox("bea@example.org")) == 1


def test_change_invalidates_links_to_the_old_address(newcomer, mailbox, link_in, stranger):
    link = link_in(mailbox("anna@example.org")[0])
    newcomer.post(PAGE, {"action": "change", "email": "bea@example.org"})

    response = stranger.post(link)

    assert response.status_code == 404
    assert not User.objects.get().is_verified


def test_change_back_does_not_make_the_old_link_valid_again(newcomer, mailbox, link_in, stranger):
    link = link_in(mailbox("anna@example.org")[0])
    newcomer.post(PAGE, {"action": "change", "email": "bea@example.org"})
    newcomer.post(PAGE, {"action": "change", "email": "anna@example.org"})

    stranger.post(link)

    assert not User.objects.get().is_verified


def test_change_cancels_queued_mails_to_the_old_address(sign_up, mailbox):
    client = sign_up("anna@example.org")

    client.post(PAGE, {"action": "change", "email": "bea@example.org"})

    assert mailbox("anna@example.org") == []


def test_change_to_the_same_address_is_a_resend(newcomer):
    before = User.objects.get().emailaddress_set.get().pk

    newcomer.post(PAGE, {"action": "change", "email": " ANNA@example.org"})

    assert User.objects.get().emailaddress_set.get().pk == before
    assert len(purposes()) == 2


def test_change_to_a_taken_address_looks_like_any_other(newcomer, reader, mailbox):
    response = newcomer.post(PAGE, {"action": "change", "email": reader.email}, follow=True)

    assert f'<strong class="banner-address">{reader.email}</strong>' in response.content.decode()
    assert purposes(recipient=reader.email) == ["accounts/account_exists"]
    assert reader.emailaddress_set.get().verified


@pytest.mark.parametrize(
    ("email", "text_part"),
    [
        ("", "This field is required."),
        ("bea", "Enter a valid email address."),
        ("b\x00ea@example.org", "Enter a valid email address."),
    ],
)
def test_change_with_an_invalid_address_shows_the_error_at_the_field(newcomer, email, text_part):
    response = newcomer.post(PAGE, {"action": "change", "email": email})

    text = response.content.decode()
    assert text_part in text
    assert 'aria-describedby="banner-email-error"' in text
    assert User.objects.get().email == "anna@example.org"


@pytest.mark.parametrize("fields", [{}, {"action": "explode"}, {"email": "bea@example.org"}])
def test_a_post_without_a_valid_action_changes_nothing(newcomer, fields):
    response = newcomer.post(PAGE, fields)

    assert response.status_code == 400
    assert "Nothing was changed." in response.content.decode()
    assert len(purposes()) == 1


def test_script_gets_only_the_banner(newcomer):
    response = newcomer.get(PAGE, headers={"X-Fragment": "banner"})

    assert response.content.decode().strip().startswith("<aside")
    assert response.headers["Cache-Control"] == "private, no-store"


def test_script_gets_the_new_state_after_a_resend(newcomer):
    response = newcomer.post(PAGE, {"action": "resend"}, headers={"X-Fragment": "banner"})

    assert response.status_code == 200
    assert (
        'data-state="queued" data-src="/accounts/verification/" data-wait="60"' in response.content.decode()
    )


def test_script_gets_204_once_the_address_is_verified(reader, client_of):
    assert client_of(reader).get(PAGE, headers={"X-Fragment": "banner"}).status_code == 204


def test_post_without_csrf_token_is_refused(unverified):
    client = Client(enforce_csrf_checks=True)
    client.force_login(unverified)

    assert client.post(PAGE, {"action": "change", "email": "evil@example.org"}).status_code == 403


def test_pending_change_keeps_the_verified_address(reader):
    address = addresses.change_address(reader, "new@example.org")

    reader.refresh_from_db()
    assert reader.email == "reader@example.org"
    assert (address.primary, address.verified) == (False, False)
    assert reader.is_verified


def test_pending_change_shows_no_banner(reader, client_of):
    addresses.change_address(reader, "new@example.org")

    assert "data-banner" not in client_of(reader).get("/accounts/me/").content.decode()


def test_verification_status_takes_two_queries(django_assert_num_queries):
    user = make_user(verified=False)
    with django_assert_num_queries(2):
        addresses.verification_status(user)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("550 5.1.1 <a@b>: Recipient address rejected", "mailbox"),
        ("550 No such user here", "mailbox"),
        ("553 5.1.3 bad syntax", "mailbox"),
        ("552 mailbox full", "full"),
        ("550 5.2.2 quota", "full"),
        ("550 5.7.26 not authenticated", "policy"),
        ("not an address", "address"),
        ("554 5.3.0 other", ""),
        ("", ""),
    ],
)
def test_bounce_reason_reads_the_reply_of_the_server(reply, reason):
    assert addresses.bounce_reason(reply) == reason

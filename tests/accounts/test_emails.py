"""Every mail of accounts, in both languages."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from accounts import emails
from accounts.adapter import AccountAdapter
from accounts.models import User
from accounts.unverified_cleanup import REMINDER_PURPOSE
from accounts.verification import addresses
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail
from ictiger.mail.queue import enqueue
from tests.factories import make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

PROVEN, UNPROVEN = "proven@example.org", "unproven@example.org"


def queue_all(language: str) -> list[Mail]:
    """One mail of every purpose and every event."""
    proven, unproven = make_user(PROVEN), make_user(UNPROVEN, verified=False)
    address = unproven.emailaddress_set.get()
    mails = [
        (addresses.LINK_PURPOSE, UNPROVEN, {"address": address.pk}),
        (addresses.TAKEN_PURPOSE, PROVEN, {"address": address.pk}),
        (REMINDER_PURPOSE, UNPROVEN, {"address": address.pk}),
        ("accounts/unknown_account", "nobody@example.org", {}),
        ("accounts/password_reset", PROVEN, {"user": proven.pk}),
        ("accounts/login_code", PROVEN, {"nonce": "n" * 32}),
        *(
            ("accounts/security_notice", PROVEN, {"event": event, "at": "2026-09-14T08:30:00+00:00"})
            for event in emails.EVENTS
        ),
    ]
    return [enqueue(purpose, to=to, language=language, context=context) for purpose, to, context in mails]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_mail_has_text_and_html(language):
    for mail in queue_all(language):
        message = compose_message(mail)
        html = message.alternatives[0][0]

        assert message.subject.strip()
        assert "\n" not in message.subject
        assert f'<html lang="{language}">' in html
        assert "<" not in message.body
        for url in re.findall(r"http://testserver/\S+", message.body):
            assert f'href="{url}"' in html


def test_links_lead_to_pages_in_the_recipients_language(stranger):
    for mail in queue_all("zh-hans"):
        for url in re.findall(r"http://testserver(/\S+)", compose_message(mail).body):
            assert url.startswith("/zh-hans/accounts/")
            assert stranger.get(url).status_code in (200, 302)


def test_mails_contain_no_input_of_the_user_but_the_address():
    queue_all("en")
    User.objects.update(display_name="Buy pills at evil.example")

    for mail in Mail.objects.all():
        message = compose_message(mail)
        assert "pills" not in message.subject + message.body + message.alternatives[0][0]


def test_address_is_escaped_in_html_and_plain_in_text():
    user = make_user("o'brien&co@example.org", verified=False)
    addresses.send_verification(user.emailaddress_set.get())

    message = compose_message(Mail.objects.get())

    assert "o'brien&co@example.org" in message.body
    assert "o&#x27;brien&amp;co@example.org" in message.alternatives[0][0]


def test_verification_mail_is_cancelled_once_the_address_is_verified(unverified):
    addresses.send_verification(unverified.emailaddress_set.get())
    unverified.emailaddress_set.update(verified=True)

    assert compose_message(Mail.objects.get()) is None


def test_verification_mail_is_cancelled_for_an_address_edited_in_place(unverified):
    addresses.send_verification(unverified.emailaddress_set.get())
    unverified.emailaddress_set.update(email="edited@example.org")

    assert compose_message(Mail.objects.get()) is None


def test_account_exists_mail_is_cancelled_when_the_owner_is_gone(reader, unverified):
    enqueue(addresses.TAKEN_PURPOSE, to=reader.email, language="en", context={"address": 1})
    reader.emailaddress_set.all().delete()

    assert compose_message(Mail.objects.get()) is None


def test_unknown_account_mail_is_cancelled_when_somebody_signed_up_meanwhile():
    enqueue("accounts/unknown_account", to="late@example.org", language="en")
    make_user("late@example.org")

    assert compose_message(Mail.objects.get()) is None


def test_unknown_allauth_mail_raises_at_once():
    with pytest.raises(LookupError, match="account/email/phone"):
        AccountAdapter().send_mail("account/email/phone", "anna@example.org", {})


def test_every_notice_of_allauth_has_a_sentence():
    """allauth names a notice by its template; the last part of the name is our event."""
    source = Path(allauth.__file__).parent
    sent = set()
    for room in ("account", "mfa"):
        for file in (source / room).rglob("*.py"):
            sent |= set(
                re.findall(
                    r'send_notification_mail\(\s*"(?:account|mfa)/email/(\w+)"',
                    file.read_text(encoding="utf-8"),
                )
            )

    assert sent
    assert sent <= set(emails.EVENTS)


def test_new_second_factor_sends_a_notice(reader, client_of, django_capture_on_commit_callbacks):
    client = client_of(reader)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/activate/", {"code": code})

    notices = [(mail.recipient, mail.context["event"]) for mail in Mail.objects.all()]
    assert (reader.email, "totp_activated") in notices


def test_login_queues_no_mail(reader):
    Client().post("/accounts/login/", {"login": reader.email, "password": PASSWORD})

    assert not Mail.objects.exists()


@pytest.mark.parametrize("purpose", ["accounts/unknown_account", addresses.TAKEN_PURPOSE])
def test_owner_of_a_disabled_account_is_told_so(purpose):
    """Not to sign up, and not to log in, one after the other."""
    make_user(PROVEN, is_active=False)
    message = compose_message(enqueue(purpose, to=PROVEN, language="en", context={}))
    assert message.subject == "Your account at ICTiger is switched off"
    for text in (message.body, message.alternatives[0][0]):
        assert "That account is switched off" in text
        assert "log in as before" not in text
        assert "/signup/" not in text
        assert "/password/reset/" not in text

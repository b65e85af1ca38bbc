"""Passwords and codes are what was meant, whatever the keyboard typed."""

import time
import unicodedata

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import User
from accounts.typed_secrets import normal_code, normal_password, password_forms

PHRASE = "café et thé à Zürich"


@pytest.mark.parametrize(
    "typed",
    [
        "MLJG-CNCT",
        "mljgcnct",
        "ＭＬＪＧ－ＣＮＣＴ",
        "ｍｌｊｇｃｎｃｔ",
        "MLJG–CNCT",
        "MLJG—CNCT",
        "MLJG\u2011CNCT",
        "MLJG−CNCT",
        "MLJGーCNCT",
        "MLJG——CNCT",
        " MLJG \u3000CNCT\u200b\n",
    ],
)
def test_code_is_the_code_however_it_is_typed(typed: str):
    assert normal_code(typed).lower() == "mljgcnct"


def test_long_input_takes_bounded_time():
    marks = "a" + "\u0301\u0323" * 200_000
    started = time.process_time()
    normal_code(marks)
    normal_password(marks)
    password_forms(marks)
    assert time.process_time() - started < 1  # seconds of CPU


def test_password_forms_of_ascii_are_one():
    assert password_forms("correct horse") == ["correct horse"]


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_password_matches_in_every_form(reader, form: str, other: str):
    reader.set_password(unicodedata.normalize(form, PHRASE))
    reader.save()

    assert reader.check_password(unicodedata.normalize(other, PHRASE))
    assert reader.check_password(unicodedata.normalize(other, PHRASE).replace(" ", "\u00a0"))
    assert not reader.check_password("cafe et the a Zurich")
    login = {"login": reader.email, "password": unicodedata.normalize(other, PHRASE)}
    assert Client().post("/accounts/login/", login).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_hash_of_an_unnormalised_password_goes_on_matching(reader, form: str):
    """As hashes were made before: of what was typed."""
    typed = unicodedata.normalize(form, PHRASE)
    User.objects.filter(pk=reader.pk).update(password=make_password(typed))
    reader.refresh_from_db()

    assert reader.check_password(typed)
    assert reader.check_password(unicodedata.normalize("NFC", PHRASE))
    User.objects.filter(pk=reader.pk).update(password=make_password("a\u00a0b\u3000cdefgh"))
    reader.refresh_from_db()
    assert reader.check_password("a\u00a0b\u3000cdefgh")


@pytest.mark.django_db
def test_unknown_address_costs_as_many_hashes_as_a_known_one(reader, monkeypatch):
    """Otherwise the time would tell who has an account."""
    hashes = []
    monkeypatch.setattr(
        "django.contrib.auth.base_user.make_password", lambda raw: hashes.append(raw) or "!unusable"
    )
    monkeypatch.setattr(
        "django.contrib.auth.base_user.check_password", lambda raw, *_rest: bool(hashes.append(raw))
    )
    counts = []
    for email in (reader.email, "nobody@example.org"):
        hashes.clear()
        typed = unicodedata.normalize("NFD", PHRASE)
        Client().post("/accounts/login/", {"login": email, "password": typed})
        counts.append(len(hashes))
    assert counts[0] == counts[1] > 1


@pytest.mark.django_db
def test_login_code_typed_full_width_logs_in(reader, stranger, mailbox):
    stranger.post("/accounts/login/code/", {"email": reader.email})
    code = next(line for line in mailbox(reader.email)[0].body.split() if len(line) == 9 and line[4] == "-")
    typed = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower()).replace("－", "–")

    response = stranger.post("/accounts/login/code/confirm/", {"code": typed})

    assert response.status_code == 302
    assert stranger.session["_auth_user_id"] == str(reader.pk)


@pytest.mark.django_db
def test_app_code_typed_full_width_is_taken(reader, stranger):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(reader, secret)
    stranger.post("/accounts/login/", {"login": reader.email, "password": "correct horse battery staple"})
    value = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    typed = "".join(chr(ord(digit) + 0xFEE0) for digit in value)

    response = stranger.post("/accounts/2fa/authenticate/", {"code": f" {typed[:3]}　{typed[3:]}"})

    assert response.status_code == 302
    assert stranger.session["_auth_user_id"] == str(reader.pk)
    assert Authenticator.objects.filter(user=reader).exists()

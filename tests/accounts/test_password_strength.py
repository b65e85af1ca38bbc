"""Passwords that are easy to guess."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.password_strength import MAX_LENGTH

ANNA = User(email="anna.keller@mail.example", display_name="Anna Keller")


@pytest.mark.parametrize(
    "password",
    [
        "letmein12345",
        "P@ssw0rd123",
        "admin12345",
        "woaini1314520",
        "5201314woaini",
        "zhongguo2026",
        "ictiger2026",
        "AnnaKeller123",
        "qwertyuiop1",
        "1q2w3e4r5t",
        "abcdabcdabcd",
        "iloveyou1234",
    ],
)
def test_guessable_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, ANNA)


@pytest.mark.parametrize(
    "password",
    [
        "paper tigers do not crouch",
        "x9$Lm2pQzz",
        "专利法保护发明创造人的权利",
        "tiger-paper-42 claims",
        "Ünïcödé wörds " * 70,
    ],
)
def test_other_passwords_are_accepted(password):
    assert validate_password(password, ANNA) is None  # raises for a refused one


def test_endless_password_is_refused_in_words():
    with pytest.raises(ValidationError, match="at most 1000 characters"):
        validate_password("paper tigers " * MAX_LENGTH, ANNA)


def test_words_are_in_chinese_too(stranger, db):
    page = stranger.post(
        "/zh-hans/accounts/signup/", {"email": "a@mail.example.org", "password1": "letmein12345"}
    ).content.decode()
    assert "这个密码很容易被猜到" in page

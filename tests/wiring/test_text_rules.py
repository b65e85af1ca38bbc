"""One table of texts for every form that takes a person's text: what shows nothing, what covers other lines,
what no database can hold, and the words of every script.
"""

from collections.abc import Callable
from types import ModuleType
from unittest.mock import Mock

import pytest
from django import forms
from django.contrib import admin
from django.test import RequestFactory

import accounts.forms
import accounts.mfa
import comments.admin.forms
import comments.forms
from accounts.display_names import normalize_name
from accounts.models import User
from comments.models import BlockedPhrase, Reason, SiteCommentSettings
from ictiger.core.text import strip_unstorable
from tests.accounts.given_names import GIVEN_NAMES
from tests.factories import make_user

pytestmark = pytest.mark.django_db

UNSEEN = [
    *"\u3164\u2800\u00ad\u034f\u115f\u1160\ufe0f\uffa0\u2060\ufeff\u180e\u200e\u200b\u200d\u202e\u2066\u3000\u00a0",
    "\U000e0061",
    "\U000e0100",
    "\U0001d173",
    "\u115f\u1160",
    " \u3164\n\u2800 ",
]
STACKED = ["a" + "\u0301" * 20, "字" + "\u20dd" * 9]
UNSTORABLE = ["words\x00and", "words\x0b\x1f", "words\ud800", "words\ufffe"]
READABLE = [normalize_name(" ".join(names.split()[:2])) for names in GIVEN_NAMES.values()]

# Fields that no other person reads as text: ids, secrets, codes.
NO_TEXT = {
    ("CommentForm", "parent"),
    ("CommentForm", "submission"),
    ("DecisionForm", "seen"),
    ("Reason", "code"),
    ("SignupForm", "username"),  # allauth deletes it
    ("ConfirmLoginCodeForm", "code"),
    ("AuthenticateForm", "code"),
    ("ReauthenticateForm", "code"),
    ("ActivateTOTPForm", "code"),
}
# How to make a form of what was typed, where its class wants more than the data.
MAKERS: dict[str, Callable[[dict], forms.BaseForm]] = {
    "BodyForm": lambda data: comments.forms.BodyForm(data, reply=False),
    "ProfileForm": lambda data: accounts.forms.ProfileForm(data, instance=make_user()),
    "User": lambda data: _admin_form(User)(data, instance=make_user()),
    "AddWebAuthnForm": lambda data: accounts.mfa.AddWebAuthnForm(data, user=make_user()),
    "EditWebAuthnForm": lambda data: accounts.mfa.EditWebAuthnForm(
        data, instance=Mock(**{"wrap.return_value.name": "Key"})
    ),
}
MODEL_ADMINS = (User, Reason, BlockedPhrase, SiteCommentSettings)


def form_classes() -> dict[str, type[forms.BaseForm]]:
    """Every form class of accounts and comments, and the forms of their admins that people type into."""
    modules = (accounts.forms, accounts.mfa, comments.forms, comments.admin.forms)
    own = [value for module in modules for value in vars(module).values() if _is_form_of(value, module)]
    return {form.__name__: form for form in own} | {
        model.__name__: _admin_form(model) for model in MODEL_ADMINS
    }


def _is_form_of(value: object, module: ModuleType) -> bool:
    is_form = isinstance(value, type) and issubclass(value, forms.BaseForm)
    return is_form and value.__module__ == module.__name__


def _admin_form(model: type) -> type[forms.BaseForm]:
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True)
    return admin.site._registry[model].get_form(request, change=True)


def _text_fields() -> list[tuple[str, str]]:
    secrets = (forms.EmailField, forms.JSONField)
    return [
        (form_name, field_name)
        for form_name, form in form_classes().items()
        for field_name, field in form.base_fields.items()
        if isinstance(field, forms.CharField)
        and not isinstance(field, secrets)
        and not isinstance(field.widget, forms.PasswordInput)
        and (form_name, field_name) not in NO_TEXT
    ]


def cleaned(form_name: str, field: str, text: str) -> tuple[str, list[str]]:
    """What the form makes of `text` in that field, and its errors there."""
    form_class = form_classes()[form_name]
    form = MAKERS.get(form_name, form_class)({field: text})
    form.full_clean()
    return form.cleaned_data.get(field, ""), form.errors.get(field, [])


def test_the_walk_finds_the_forms_that_take_a_persons_text():
    assert {
        ("BodyForm", "body"),
        ("CommentForm", "body"),
        ("ReportForm", "note"),
        ("DecisionForm", "note"),
        ("BanForm", "why"),
        ("BulkForm", "note"),
        ("ProfileForm", "display_name"),
        ("EditWebAuthnForm", "name"),
        ("User", "display_name"),
        ("Reason", "text_zh"),
        ("SiteCommentSettings", "notice_en"),
        ("BlockedPhrase", "note"),
    } <= set(_text_fields())


@pytest.fixture(params=_text_fields(), ids="-".join)
def field(request) -> tuple[str, str]:
    return request.param


def test_text_in_which_nothing_can_be_seen_is_refused_or_counts_as_none(field):
    for text in UNSEEN:
        value, errors = cleaned(*field, text)
        assert errors or value == "" or "key" in value.lower(), (field, text)


def test_marks_that_cover_other_lines_are_refused(field):
    for text in STACKED:
        value, errors = cleaned(*field, text)
        assert errors or ("\u0301" not in value and "\u20dd" not in value), (field, text)


def test_what_cannot_be_stored_is_refused_or_dropped(field):
    for text in UNSTORABLE:
        value, errors = cleaned(*field, text)
        assert errors or value == strip_unstorable(value), (field, text)


def test_words_of_every_script_are_taken_as_they_are(field):
    for text in READABLE:
        assert cleaned(*field, text) == (text, []), (field, text)


def test_text_over_its_limit_is_refused_and_never_cut(field):
    value, errors = cleaned(*field, "word " * 20_000)
    assert errors or "key" in value.lower()

"""Names of allauth and Django that accounts uses without a promise that they stay. An upgrade that removes
one fails here.

Tried with django-allauth 65.21 and Django 5.2.
"""

import inspect

import pytest
from allauth.account import app_settings, forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.manage_email import assess_unique_email
from allauth.account.stages import EmailVerificationStage
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.sessions.backends import db
from django.core.validators import validate_email
from django.test import RequestFactory
from django.utils.module_loading import import_string

from accounts.adapter import EMAIL_VERIFICATION_STAGE, AccountAdapter


def parameters(function) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # ReaderBackend overrides it, to check at most two passwords for an address.
        ("_authenticate_by_email", ["self", "email", "password"]),
        # ReaderBackend calls them: one hash for each of the two accounts, whether it exists or not.
        ("_check_password", ["self", "user", "password"]),
        ("_mitigate_timing_attack", ["self", "password"]),
    ],
)
def test_backend_has_the_methods_that_ours_overrides_and_calls(name, expected):
    assert parameters(getattr(AuthenticationBackend, name)) == expected


def test_backend_hashes_a_password_itself_unless_one_was_checked():
    """ReaderBackend sets `_did_check_password`: otherwise allauth would hash a third time."""
    assert "_did_check_password" in inspect.getsource(AuthenticationBackend.authenticate)


def test_network_address_of_a_request_comes_from_allauth():
    """limits.client_hash counts by the address by which allauth's own limits count, also behind a proxy."""
    assert get_ip(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")) == "192.0.2.1"


def test_strict_enumeration_prevention_accepts_a_taken_address(reader):
    """SignupForm.validate_unique_email accepts every address without a query, which is right only with this
    setting.
    """
    assert settings.ACCOUNT_PREVENT_ENUMERATION == "strict"
    assert assess_unique_email(reader.email) is True


def test_signup_form_asks_for_a_unique_address_in_one_method():
    """SignupForm overrides the method, and sets the attribute that `try_save` reads."""
    assert parameters(forms.SignupForm.validate_unique_email) == ["self", "value"]
    assert "self.account_already_exists" in inspect.getsource(forms.BaseSignupForm.try_save)


def test_signup_form_saves_as_ours_does():
    """SignupForm.save creates user and address itself; whatever else allauth's version does would be lost."""
    source = inspect.getsource(forms.BaseSignupForm.save)
    calls = ["adapter.new_user(", "adapter.save_user(", "self.custom_signup(", "setup_user_email("]
    assert [call for call in calls if call not in source] == []
    assert forms.SignupForm.custom_signup is forms.BaseSignupForm.custom_signup
    assert app_settings.SIGNUP_FORM_CLASS is None  # so custom_signup does nothing


def test_login_has_the_stage_that_sends_the_mail_at_signup():
    """AccountAdapter.get_login_stages leaves it out; with optional verification it does nothing else."""
    assert import_string(EMAIL_VERIFICATION_STAGE) is EmailVerificationStage
    assert EMAIL_VERIFICATION_STAGE in DefaultAccountAdapter().get_login_stages()
    assert EMAIL_VERIFICATION_STAGE not in AccountAdapter().get_login_stages()
    assert settings.ACCOUNT_EMAIL_VERIFICATION == "optional"


def test_forms_have_the_attributes_that_ours_set():
    """ResetPasswordForm sets `users`, RequestLoginCodeForm sets `_user`: the account that a mail to the
    address may open.
    """
    assert "self.users" in inspect.getsource(forms.ResetPasswordForm)
    assert "self._user" in inspect.getsource(forms.RequestLoginCodeForm)


def test_reset_tokens_come_from_the_generator_of_allauths_form():
    """emails.py and account_handover.py make the links that allauth's view checks."""
    assert callable(forms.default_token_generator.make_token)


def test_confirmation_links_are_signed_with_allauths_salt():
    """addresses.read_link reads them, to tell an expired link from an altered one."""
    assert app_settings.SALT == "account"


@pytest.mark.parametrize(
    "name",
    [
        "_validate_session_key",  # overridden: refuses keys that no database accepts
        "_get_session_from_db",  # overridden: a prepared query
        "_session_key",  # set to None where the session has ended
    ],
)
def test_session_store_has_the_names_that_ours_overrides(name):
    assert hasattr(db.SessionStore, name)


@pytest.mark.parametrize("name", ["user_regex", "literal_regex", "domain_allowlist"])
def test_email_validator_has_the_attributes_that_validation_replaces(name):
    assert hasattr(validate_email, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        # Only tests use them, to give an account second factors.
        (totp, "TOTP"),
        (totp, "generate_totp_secret"),
        (recovery_codes, "RecoveryCodes"),
    ],
)
def test_second_factors_can_be_set_up_in_tests(module, name):
    assert hasattr(module, name)

"""allauth's forms and messages for second factors, with our texts."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("Remove the second factor first: an account that has one keeps its address."),
        "cannot_delete_authenticator": _("This second factor cannot be removed."),
        "cannot_generate_recovery_codes": _("Set up an authenticator app or a key first."),
        "incorrect_code": _("This is not the right code. Codes change every half minute."),
        "unverified_email": _("Confirm your e-mail address first. Then a second factor can be set up."),
    }


class AuthenticateForm(base.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")


class ReauthenticateForm(base.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")


class ActivateTOTPForm(totp.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")


class AddWebAuthnForm(webauthn.AddWebAuthnForm):
    passwordless = forms.BooleanField(
        label=_("Log in with this key alone"),
        required=False,
        help_text=_("It takes the place of the password, and must ask for a finger, a face or a PIN."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")

"""allauth's forms and messages for second factors, with our texts."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ictiger.core.characters import has_stacked_marks, without_misplaced

from .code_field import CodeField
from .display_names import MAX_ACCENTS, MAX_MARKS, normalize_name

KEY_NAME_LENGTH = 100  # characters


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
        self.fields["code"] = CodeField()


class ReauthenticateForm(base.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = CodeField()


class ActivateTOTPForm(totp.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = CodeField(label=_("Code that the app shows"))


class AddWebAuthnForm(webauthn.AddWebAuthnForm):
    passwordless = forms.BooleanField(
        label=_("Log in with this key alone"),
        required=False,
        help_text=_("It takes the place of the password, and must ask for a finger, a face or a PIN."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")

    def clean_name(self) -> str:
        """A name that cannot be taken gives way to allauth's own: the key has been made already."""
        name = readable_key_name(self.cleaned_data["name"])
        self.cleaned_data["name"] = "" if key_name_fault(name) else name
        return super().clean_name()


class EditWebAuthnForm(webauthn.EditWebAuthnForm):
    def clean_name(self) -> str:
        name = readable_key_name(self.cleaned_data["name"])
        fault = key_name_fault(name)
        if fault:
            raise ValidationError(fault)
        return name


def readable_key_name(text: str) -> str:
    """The name of a key as it is listed, to its owner alone: without characters that cannot be seen."""
    return normalize_name(without_misplaced(text)) if len(text) <= 10 * KEY_NAME_LENGTH else text


def key_name_fault(name: str) -> str:
    """Why a key cannot have this name; "" when it can."""
    if not name:
        return gettext("There is no text yet. Write something first.")
    if len(name) > KEY_NAME_LENGTH:
        return gettext("The name is too long.")
    if has_stacked_marks(name, limit=MAX_MARKS, accents=MAX_ACCENTS):
        return gettext("The name has more accents on one letter than can be read.")
    return ""

"""allauth's forms with our rules and labels, and the forms for a user's address and profile."""

import uuid
from collections.abc import Iterator
from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.account.fields import EmailField
from allauth.account.models import EmailAddress
from allauth.core import context
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.verification import addresses, blocks, flow, limits

from . import display_names, form_submissions
from .form_submissions import SubmissionField
from .hooks import digest_conditions, reserved_name_sources
from .models import User

PASSWORD_HELP = _("At least 10 characters. A short sentence is easy to remember and hard to guess.")


class EmailLabelMixin:
    """One label for the address field on every page; allauth has several."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login" if "login" in self.fields else "email"].label = _("E-mail address")


class LoginForm(EmailLabelMixin, allauth.LoginForm):
    def clean_login(self) -> str:
        return get_adapter().clean_email(super().clean_login())


class SignupForm(EmailLabelMixin, allauth.SignupForm):
    submission = SubmissionField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _(
            "We send one mail there, with a link that confirms it is yours. Nobody else sees it."
        )
        self.fields["password1"].help_text = PASSWORD_HELP

    def clean_email(self) -> str:
        email = super().clean_email()
        blocks.refuse_if_blocked(email)
        return email

    def validate_unique_email(self, email: str) -> str:
        """Accept a taken address, as allauth does with strict enumeration prevention, but without a query."""
        self.account_already_exists = False
        return email

    def clean(self) -> dict:
        """Refuse another address or password under a submission id that has made an account before. The form
        comes back with a new id.
        """
        data = super().clean()
        self.earlier = form_submissions.first_signup(data.get("submission"))
        if self.earlier and not self.errors and not self._has_made(self.earlier):
            self.data = self.data.copy()
            self.data["submission"] = uuid.uuid4()
            self.add_error(None, form_submissions.REUSED_MESSAGE)
        return data

    def _has_made(self, user: User) -> bool:
        """Whether this form with this address and password may have made `user`. Without the password nobody
        is logged in to it.
        """
        return user.email == self.cleaned_data["email"] and user.check_password(
            self.cleaned_data["password1"]
        )

    def save(self, request: HttpRequest) -> User:
        """Create the user, the unverified address and the verification mail: all or none. The same form sent
        again returns the account that it has made.

        allauth creates the first two and sends the mail in a stage of the log-in, after reading them again
        (see `AccountAdapter.get_login_stages`).
        """
        if self.earlier:
            return self.earlier
        adapter = get_adapter()
        # The password is hashed before the transaction, in which SQLite lets nobody else write.
        user = adapter.save_user(request, adapter.new_user(request), self, commit=False)
        try:
            return self._create(user)
        except _SentBefore:
            earlier = form_submissions.first_signup(self.cleaned_data["submission"])
            if earlier and self._has_made(earlier):
                return earlier
            self.cleaned_data["submission"], user.pk = None, None
            return self._create(user)

    @transaction.atomic
    def _create(self, user: User) -> User:
        """Raises _SentBefore, with nothing created, when another request with this form was faster."""
        user.save(force_insert=True)
        submission = self.cleaned_data["submission"]
        if submission and not form_submissions.record_signup(submission, user):
            raise _SentBefore
        address = user.emailaddress_set.create(email=user.email, primary=True)
        # As with_verification() adds them.
        user.has_verified_address, user.unverified_address_id = False, address.pk
        addresses.send_signup_verification(address)
        return user


class _SentBefore(Exception):
    """Another request with the same submission id has made an account."""


class ResetPasswordForm(EmailLabelMixin, allauth.ResetPasswordForm):
    submission = SubmissionField()

    def clean_email(self) -> str:
        """Send one mail, to one account, however many accounts have signed up with the address."""
        email = get_adapter().clean_email(self.cleaned_data["email"])
        user = User.objects.reachable_at(email)
        self.users = [user] if user else []
        return email

    @transaction.atomic
    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Queue one mail, however often the same form is sent."""
        email = self.cleaned_data["email"]
        if form_submissions.is_first_wish("reset", self.cleaned_data["submission"], email):
            super().save(request, **kwargs)
        return email


class ResetPasswordKeyForm(allauth.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = PASSWORD_HELP

    @transaction.atomic
    def save(self) -> None:
        """Set the password. The link came by mail, so it verifies the address if none is verified."""
        address = self.user.emailaddress_set.filter(email=self.user.email, verified=False).first()
        if address is not None and not self.user.is_verified:
            flow.verify_mailbox(context.request, self.user, address)
        super().save()


class ChangePasswordForm(allauth.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = PASSWORD_HELP


class RequestLoginCodeForm(EmailLabelMixin, allauth.RequestLoginCodeForm):
    submission = SubmissionField()

    def clean_email(self) -> str:
        email = get_adapter().clean_email(super().clean_email())
        self._user = User.objects.reachable_at(email)
        return email

    def clean(self) -> dict:
        """Let the adapter, which queues the mail, know the submission."""
        data = super().clean()
        if data.get("submission") and data.get("email"):
            context.request.code_wish = form_submissions.CodeWish(
                data["submission"], data["email"], self._user
            )
        return data


class AddressForm(allauth.AddEmailForm):
    """The new address of an account, on the verification page and on allauth's e-mail page."""

    email = EmailField(label=_("New address"))

    def clean_email(self) -> str:
        email = super().clean_email()
        blocks.refuse_if_blocked(email)
        return email

    def save(self, request: HttpRequest) -> EmailAddress:
        """Set the new address and queue its verification mail. The banner shows the mail's state."""
        address = addresses.change_address(self.user, self.cleaned_data["email"])
        if address.primary:
            self.user.email = address.email  # the hint cookie of this response is computed from request.user
        limit = addresses.send_verification(address, client=limits.client_hash(request))
        if limit and not address.primary:  # the change of a verified address has no banner
            messages.warning(request, limit.message)
        return address


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("display_name", "language", "mail_replies", "mail_decisions", "mail_digest")
        labels = {"language": _("Language of our mails to you")}
        help_texts = {
            "display_name": _(
                "Shown beside your comments. Without one, you appear as “Reader” and a number."
            ),
            "mail_decisions": _("Mails that confirm your address or protect your account always come."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not any(condition(self.instance) for condition in digest_conditions):
            del self.fields["mail_digest"]

    def clean_display_name(self) -> str:
        name = display_names.normalize_name(self.cleaned_data["display_name"])
        if name:
            check_display_name(name, self.instance)
        return name


def check_display_name(name: str, user: User) -> None:
    """Raise ValidationError for a name that is unreadable, hides characters, or looks like that of staff."""
    if display_names.has_invisible(name):
        raise ValidationError(_("The name contains characters that cannot be seen."), code="invisible")
    if display_names.has_zalgo(name):
        raise ValidationError(_("The name has more accents on one letter than can be read."), code="marks")
    if not display_names.has_letter(name):
        raise ValidationError(_("A name needs at least one letter."), code="no_letter")
    if "@" in name or "/" in name:
        raise ValidationError(_("An address is not a name."), code="address")
    if display_names.mixes_scripts(name):
        raise ValidationError(
            _("The name mixes alphabets whose letters look alike. Use one of them."), code="mixed"
        )
    if not user.is_staff and (
        display_names.is_reserved(name)
        or display_names.skeleton(name) in map(display_names.skeleton, _reserved_names(user))
    ):
        raise ValidationError(
            _("This name could be mistaken for that of our staff. Choose another."), code="reserved"
        )


def _reserved_names(user: User) -> Iterator[str]:
    """Names that `user` may not take: those of other staff members, and those that apps reserve (authors)."""
    yield from (
        User.objects.filter(is_staff=True)
        .exclude(pk=user.pk)
        .exclude(display_name="")
        .values_list("display_name", flat=True)
    )
    for source in reserved_name_sources:
        yield from source(user)

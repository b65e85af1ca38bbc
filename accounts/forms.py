"""allauth's forms with our rules and labels, and the forms for a user's address and profile."""

import uuid
from collections.abc import Iterator
from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.verification import addresses, blocks, flow, limits
from accounts.verification.typos import COMMON_DOMAINS
from ictiger.core.email_addresses import has_lookalike_domain

from . import display_names, form_submissions
from .address_field import AddressField
from .code_field import CodeField
from .display_names import NameFault
from .form_submissions import SubmissionField
from .hooks import digest_conditions, name_refusals, name_reviews, reserved_name_sources
from .models import User

NAME_FAULTS = {
    NameFault.UNSEEN: _("The name contains characters that cannot be seen."),
    NameFault.MARKS: _("The name has more accents on one letter than can be read."),
    NameFault.NO_LETTER: _("A name needs at least one letter."),
    NameFault.ADDRESS: _("An address is not a name."),
    NameFault.MIXED: _("The name mixes alphabets whose letters look alike. Use one of them."),
}
PASSWORD_HELP = _("At least 10 characters. A short sentence is easy to remember and hard to guess.")


class EmailLabelMixin:
    """One address field with one label on every page; allauth has several."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = "login" if "login" in self.fields else "email"
        self.fields[name] = AddressField(label=_("E-mail address"))


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
        refuse_lookalike(email)
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
        user = self.earlier or self._create_once(request)
        if self.fields["email"].typed_notice:
            messages.info(request, self.fields["email"].typed_notice)
        return user

    def _create_once(self, request: HttpRequest) -> User:
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


def refuse_lookalike(email: str) -> None:
    """Raise ValidationError for a new address whose domain passes for another one."""
    if has_lookalike_domain(email, COMMON_DOMAINS):
        raise ValidationError(
            _("The part after @ mixes alphabets whose letters look alike, or imitates another domain."),
            code="lookalike",
        )


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


class ConfirmLoginCodeForm(allauth.ConfirmLoginCodeForm):
    code = CodeField()


class AddressForm(allauth.AddEmailForm):
    """The new address of an account, on the verification page and on allauth's e-mail page."""

    email = AddressField(label=_("New address"))

    def clean_email(self) -> str:
        email = super().clean_email()
        refuse_lookalike(email)
        blocks.refuse_if_blocked(email)
        return email

    def save(self, request: HttpRequest) -> EmailAddress:
        """Set the new address and queue its verification mail. The banner shows the mail's state."""
        address = addresses.change_address(self.user, self.cleaned_data["email"])
        if address.primary:
            self.user.email = address.email  # the hint cookie of this response is computed from request.user
        limit = addresses.send_verification(address, client=limits.client_hash(request))
        if self.fields["email"].typed_notice:
            messages.info(request, self.fields["email"].typed_notice)
        if limit and not address.primary:  # the change of a verified address has no banner
            messages.warning(request, limit.message)
        return address


class NamedUserForm(forms.ModelForm):
    """A form with the name that is shown beside comments: the profile, and the desk's form of a user."""

    def clean_display_name(self) -> str:
        name = display_names.normalize_name(self.cleaned_data["display_name"])
        if name and name != self.initial.get("display_name"):
            check_display_name(name, self.instance)
            for refusal in filter(None, (reason_against(name) for reason_against in name_refusals)):
                raise ValidationError(refusal, code="words")
        return name


class ProfileForm(NamedUserForm):
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

    def save(self, commit: bool = True) -> User:
        """Save the profile; a name that must wait leaves the one before in its place.

        Raises DatabaseError when the account was erased meanwhile.
        """
        name, previous = self.instance.display_name, self.initial["display_name"]
        if name != previous:
            must_wait = [review(self.instance, name, previous) for review in name_reviews]
            self.instance.display_name = previous if any(must_wait) else name
        # No other column: what another request has changed meanwhile stays, and an account that was erased
        # meanwhile is not stored again.
        self.instance.save(update_fields=list(self.fields))
        return self.instance


def check_display_name(name: str, user: User) -> None:
    """Raise ValidationError for a name that is unreadable, hides characters, or looks like that of staff."""
    fault = display_names.fault_of(name)
    if fault is not None:
        raise ValidationError(NAME_FAULTS[fault], code=fault.value)
    if display_names.is_placeholder(name):
        raise ValidationError(
            _("This stands in the place of a name for readers who have none. Choose another."),
            code="placeholder",
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

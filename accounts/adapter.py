"""allauth's account adapter: every mail of allauth becomes a row of the mail queue, and its messages get our
texts.

The queue stores ids; links, codes and texts are made when a mail is sent (emails.py).
"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.verification import addresses, blocks, limits
from ictiger.core.email_addresses import InvalidAddress, canonical_address
from ictiger.core.languages import Language
from ictiger.mail.queue import enqueue

from . import form_submissions, login_codes
from .address_field import ADDRESS_FAULTS
from .models import User

MAX_EMAIL_LENGTH = User._meta.get_field("email").max_length
EMAIL_VERIFICATION_STAGE = "allauth.account.stages.EmailVerificationStage"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "duplicate_email": _("This is already the address of your account."),
        "email_password_mismatch": _(
            "This address and this password do not match. Check both, or reset the password."
        ),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("This is not the code we sent."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes, then try again."),
    }

    def new_user(self, request: HttpRequest) -> User:
        return User(language=Language.active())

    def clean_email(self, email: str) -> str:
        """The address in its one form, checked in that form.

        Raises ValidationError for what is no address, and for one longer than its database column.
        """
        if not email:
            return email
        try:
            email = canonical_address(email)
        except InvalidAddress as error:
            raise ValidationError(ADDRESS_FAULTS[error.fault], code="invalid") from error
        if len(email) > MAX_EMAIL_LENGTH:
            too_long = _("An e-mail address has at most %(limit)s characters.")
            raise ValidationError(too_long, code="max_length", params={"limit": MAX_EMAIL_LENGTH})
        return email

    def get_reauthentication_methods(self, user: User) -> list[dict]:
        descriptions = {
            "reauthenticate": _("Use the password"),
            "mfa_reauthenticate": _("Use the authenticator app or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey or security key"),
        }
        return [
            {**method, "description": descriptions[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]

    def get_login_stages(self) -> list[str]:
        """allauth's stages without the one that mails the link after a sign-up: `SignupForm.save` has queued
        that mail.

        With ACCOUNT_EMAIL_VERIFICATION = "optional" the stage does nothing else.
        """
        return [path for path in super().get_login_stages() if path != EMAIL_VERIFICATION_STAGE]

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC, signup: bool
    ) -> None:
        """Queue another verification mail, or say when one may be requested. Used by allauth's e-mail page,
        not at sign-up.
        """
        limit = addresses.send_verification(
            emailconfirmation.email_address, client=limits.client_hash(request)
        )
        if limit:
            messages.warning(request, limit.message)

    def send_password_reset_mail(self, user: User, email: str, context: dict) -> None:
        enqueue(
            "accounts/password_reset", to=email, language=user.language, context={"user": user.pk}, user=user
        )

    def generate_login_code(self) -> str:
        """A new code, whose mail `send_mail` queues; or that of an equal form sent before."""
        wish = getattr(self.request, "code_wish", None)
        self.request.login_code_nonce = self._first_code(wish) if wish else login_codes.new_nonce()
        return login_codes.login_code(self.request.login_code_nonce)

    @transaction.atomic
    def _first_code(self, wish: form_submissions.CodeWish) -> str:
        """Queue the mail with the code, once for each form, and return the code's nonce.

        After a double click each of two responses starts a log-in: the one mail has the code of both.
        """
        nonce = login_codes.new_nonce()
        is_first, nonce = form_submissions.code_wish(wish, nonce)
        if is_first:
            self._queue_login_code(wish.address, wish.user, nonce)
        return nonce

    def _queue_login_code(self, email: str, owner: User | None, nonce: str) -> None:
        language = owner.language if owner else Language.active()
        enqueue("accounts/login_code", to=email, language=language, context={"nonce": nonce}, user=owner)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Queue a mail that allauth sends to an anonymous visitor. allauth gives only the address, so its
        account decides the language.
        """
        owner = User.objects.reachable_at(email)
        wish = getattr(self.request, "code_wish", None)
        if template_prefix == "account/email/login_code":
            if not wish:  # otherwise the mail was queued with the code
                self._queue_login_code(email, owner, self.request.login_code_nonce)
        elif template_prefix == "account/email/unknown_account":
            if not blocks.is_blocked(email):
                self._queue_unknown_account(email, owner.language if owner else Language.active(), wish)
        else:
            raise LookupError(
                f"allauth wants to send {template_prefix!r}, which accounts/emails.py cannot write."
            )

    @transaction.atomic
    def _queue_unknown_account(
        self, email: str, language: str, wish: form_submissions.CodeWish | None
    ) -> None:
        """Queue the mail once for each form that asked for a code."""
        is_first = wish is None or form_submissions.is_first_wish(
            "unknown_account", wish.submission, wish.address
        )
        if is_first:
            enqueue("accounts/unknown_account", to=email, language=language)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict | None = None, email: str | None = None
    ) -> None:
        """Queue a notice of a change to the account, to `email` (after a change of address the old one) or to
        the primary address.
        """
        event = template_prefix.rpartition("/")[2]
        recipient = email or EmailAddress.objects.get_primary_email(user)
        mail_context = {"event": event, "at": timezone.now().isoformat()}
        enqueue(
            "accounts/security_notice",
            to=recipient,
            language=user.language,
            context=mail_context,
            user=user,
        )

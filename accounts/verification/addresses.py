"""Where a reader's e-mail address stands, and the ways to move it on: a new mail, another address, the link."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q, TextChoices
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

from . import typos
from .limits import RateLimit, check_resend_limit, seconds_to_wait

LINK_PURPOSE, TAKEN_PURPOSE = "accounts/verification", "accounts/account_exists"
VERIFICATION_PURPOSES = (
    LINK_PURPOSE,
    TAKEN_PURPOSE,
)  # to the reader who asked they look alike: the second must not tell that an address is taken

MAILS_SHOWN = 30  # the newest rows decide; a busier hour than this is over every limit anyway


NOT_ME_SALT = "accounts.not_me"
NOT_ME_DAYS = 30


class MailProgress(TextChoices):
    """What became of the newest verification mail."""

    NONE = "none"
    QUEUED = "queued"
    RETRYING = "retrying"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class VerificationStatus:
    """An address that waits to be proven, with what the ledger says of its mails."""

    address: EmailAddress
    mails: list[Mail]  # verification mails to this address or for this user, newest first

    @cached_property
    def mail(self) -> Mail | None:
        """The newest mail for this very address row. Another account's mail to the same mailbox is none of this reader's business."""
        return next((mail for mail in self.mails if mail.context.get("address") == self.address.pk), None)

    @property
    def progress(self) -> MailProgress:
        if self.mail is None or self.mail.state == MailState.CANCELLED:
            return MailProgress.NONE
        if self.mail.state == MailState.QUEUED and self.mail.attempts:
            return MailProgress.RETRYING
        if self.mail.state == MailState.SENDING:
            return MailProgress.QUEUED
        return MailProgress(self.mail.state)

    @property
    def reason(self) -> str:
        """Why the mail was refused: a code for the templates ("mailbox", "full", "policy", "international", "address" or "")."""
        return bounce_reason(self.mail.reply) if self.mail else ""

    @cached_property
    def wait(self) -> int:
        """Seconds until another mail may be asked for; 0 when it may be now."""
        return seconds_to_wait(self.address, self.mails)

    @cached_property
    def suggestion(self) -> str:
        """The address that was probably meant, or ""."""
        return typos.suggestion(self.address.email)


def verification_status(user: User) -> VerificationStatus | None:
    """How the address of `user` stood when `user` was read; None when there is nothing to prove.

    At most one query for a user that came `with_verification`, as a request's does; one more for any other.
    """
    if not hasattr(user, "has_proven_mailbox"):
        user = User.objects.with_verification().get(pk=user.pk)
    if user.has_proven_mailbox or user.unproven_address_id is None:
        return None
    address = EmailAddress(
        pk=user.unproven_address_id, user=user, email=user.email, primary=True
    )  # as it is stored: see User.email
    return VerificationStatus(address, verification_mails(address))


def verification_mails(address: EmailAddress) -> list[Mail]:
    """The newest verification mails to this address, whoever asked, and for this user, wherever to."""
    to_or_for = Q(recipient=address.email) | Q(user_id=address.user_id)
    return list(
        Mail.objects.filter(to_or_for, purpose__in=VERIFICATION_PURPOSES).order_by("-created_at", "-pk")[
            :MAILS_SHOWN
        ]
    )


def bounce_reason(reply: str) -> str:
    """The mail server's refusal as one of a few reasons a reader can act on. Codes: RFC 3463; without one, the basic code of RFC 5321."""
    enhanced = next((word for word in reply.split() if word.startswith("5.") and word.count(".") == 2), "")
    if enhanced.startswith("5.1.") or (not enhanced and reply.startswith("550")):
        return "mailbox"
    if enhanced.startswith("5.2.2") or reply.startswith("552"):
        return "full"
    if enhanced.startswith("5.7."):
        return "policy"
    if "SMTPUTF8" in reply:
        return "international"
    return "address" if reply.startswith("not an address") else ""


def lock_user(user_id: int) -> User | None:
    """Everything that touches an address takes this lock first, and no other: two orders would be a deadlock."""
    return User.objects.select_for_update().filter(pk=user_id).first()


@transaction.atomic
def send_verification(address: EmailAddress, *, client: str = "") -> RateLimit | None:
    """Queue the mail that proves `address`. Returns None, or what there is to wait for when that is over a limit: then nothing was queued.

    `client` is who asks, as `limits.client_of` names them; "" is not limited. Where another account has proven the address, its owner is
    told so by mail instead; the asking reader sees no difference.
    """
    lock_user(address.user_id)  # two clicks at once count one after the other
    wait = check_resend_limit(address, verification_mails(address), client)
    if wait:
        return wait
    owner = (
        User.objects.filter(emailaddress__email=address.email, emailaddress__verified=True)
        .exclude(pk=address.user_id)
        .first()
    )
    purpose, language = (TAKEN_PURPOSE, owner.language) if owner else (LINK_PURPOSE, address.user.language)
    enqueue(
        purpose,
        to=address.email,
        language=language,
        context={"address": address.pk},
        user=address.user,
        client=client,
    )
    return None


@transaction.atomic
def change_address(user: User, email: str) -> EmailAddress:
    """Put `email` in the place of the unproven address of `user`, or beside the proven one until it is proven itself.

    The old row goes and a new one comes: links carry the row's id, so those to the old address die, and none can prove the new one.
    """
    user = lock_user(user.pk)
    email = email.lower()
    same = user.emailaddress_set.filter(email=email).first()
    if same is not None:
        return same
    user.emailaddress_set.filter(verified=False).delete()
    is_pending_change = user.emailaddress_set.exists()
    if not is_pending_change:
        user.email = email
        user.save(update_fields=["email"])
    return user.emailaddress_set.create(user=user, email=email, primary=not is_pending_change)


class LinkState(TextChoices):
    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    TAKEN = "taken"  # another account has proven the address since
    DEAD = "dead"  # never ours, altered, or of an address that was given up


@dataclass(frozen=True)
class ConfirmationLink:
    """What a verification link leads to."""

    state: LinkState
    address: EmailAddress | None = None

    @property
    def is_alive(self) -> bool:
        return self.state in (LinkState.GOOD, LinkState.EXPIRED)


def link_key(address: EmailAddress) -> str:
    """The secret part of the link that proves `address`; it says when it was made."""
    return EmailConfirmationHMAC(address).key


def read_link(key: str) -> ConfirmationLink:
    """Tell what the link with `key` can do now. Raises nothing, whatever `key` is."""
    max_age = timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    try:
        pk = signing.loads(key, salt=app_settings.SALT)
    except signing.BadSignature:
        return ConfirmationLink(LinkState.DEAD)
    address = EmailAddress.objects.select_related("user").filter(pk=pk).first()
    if address is None:
        return ConfirmationLink(LinkState.DEAD)
    if address.verified:
        return ConfirmationLink(LinkState.USED, address)
    if not address.can_set_verified():
        return ConfirmationLink(LinkState.TAKEN, address)
    try:
        signing.loads(key, salt=app_settings.SALT, max_age=max_age)
    except signing.SignatureExpired:
        return ConfirmationLink(LinkState.EXPIRED, address)
    return ConfirmationLink(LinkState.GOOD, address)


def not_me_key(address: EmailAddress) -> str:
    """The secret part of the link by which the mailbox's owner says that `address` was given by somebody else."""
    return signing.dumps(address.pk, salt=NOT_ME_SALT)


def read_not_me(key: str) -> ConfirmationLink:
    """What the link with `key` can undo now: nothing that was proven since, nor the house's own accounts. Raises nothing."""
    try:
        pk = signing.loads(key, salt=NOT_ME_SALT, max_age=timedelta(days=NOT_ME_DAYS))
    except signing.BadSignature:
        return ConfirmationLink(LinkState.DEAD)
    address = EmailAddress.objects.select_related("user").filter(pk=pk).first()
    if address is None or address.user.is_staff:
        return ConfirmationLink(LinkState.DEAD)
    return ConfirmationLink(LinkState.USED if address.verified else LinkState.GOOD, address)


def confirm_address(request: HttpRequest, address: EmailAddress) -> bool:
    """Prove `address`: in one transaction with all that follows from it, because `email_confirmed` sets waiting comments free.

    False when it is too late: the row is gone, or another account was faster.
    """
    try:
        with transaction.atomic():
            user = lock_user(address.user_id)
            fresh = EmailAddress.objects.filter(pk=address.pk).first()
            return bool(user and fresh) and (fresh.verified or get_adapter().confirm_email(request, fresh))
    except IntegrityError:  # unique_verified_email: the other account's confirmation was committed in between
        return False

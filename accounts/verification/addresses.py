"""The verification status of an e-mail address, its mails, a change of address, and the links that mails
carry.
"""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import signing
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils.functional import cached_property

from accounts.models import User
from ictiger.core.email_addresses import same_address
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

from . import typos
from .limits import RateLimit, check_resend_limit, seconds_to_wait

LINK_PURPOSE, TAKEN_PURPOSE = "accounts/verification", "accounts/account_exists"
# Both look alike to the user who asked for the mail: the second must not reveal that another account has the
# address.
VERIFICATION_PURPOSES = (LINK_PURPOSE, TAKEN_PURPOSE)

MAX_MAILS_READ = 30  # newest first; an hour with more is over every limit anyway

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
    """An unverified address with its verification mails from the queue."""

    address: EmailAddress
    mails: list[Mail]  # to this address or for this user, newest first

    @cached_property
    def mail(self) -> Mail | None:
        """The newest mail for this EmailAddress row. Another account's mails to the same mailbox are not
        shown.
        """
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
        """Why the server refused the mail, as `bounce_reason` says it; "" without a mail."""
        return bounce_reason(self.mail.reply) if self.mail else ""

    @cached_property
    def wait(self) -> int:
        """Seconds until another mail may be requested; 0 for now."""
        return seconds_to_wait(self.address, self.mails)

    @cached_property
    def suggestion(self) -> str:
        """The address that the user probably meant, or ""."""
        return typos.suggestion(self.address.email)


def verification_status(user: User) -> VerificationStatus | None:
    """The status of `user`'s address when `user` was read; None when there is nothing to verify.

    At most one query for a user read `with_verification`, as a request's user is; one more for any other.
    """
    if not hasattr(user, "has_verified_address"):
        user = User.objects.with_verification().get(pk=user.pk)
    if user.has_verified_address or user.unverified_address_id is None:
        return None
    # The stored row without reading it: User.email equals the primary address.
    address = EmailAddress(pk=user.unverified_address_id, user=user, email=user.email, primary=True)
    return VerificationStatus(address, verification_mails(address))


def verification_mails(address: EmailAddress) -> list[Mail]:
    """The newest verification mails to this address, from any account, and of this user, to any address."""
    same_address_or_user = Q(recipient=address.email) | Q(user_id=address.user_id)
    return list(
        Mail.objects.filter(same_address_or_user, purpose__in=VERIFICATION_PURPOSES).order_by(
            "-created_at", "-pk"
        )[:MAX_MAILS_READ]
    )


def bounce_reason(reply: str) -> str:
    """The mail server's refusal as one of the reasons on which a user can act.

    They are "mailbox", "full", "policy", "international", "address", and "" for any other. Codes: RFC 3463;
    in a reply without one, the basic code of RFC 5321.
    """
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
    """Lock the user before touching an address. No other lock is taken, so nothing can deadlock."""
    return User.objects.select_for_update().filter(pk=user_id).first()


@transaction.atomic
def send_verification(address: EmailAddress, *, client: str = "") -> RateLimit | None:
    """Queue the mail that verifies `address`. Returns None, or the limit that is exceeded: then nothing is
    queued.

    `client` is the hash of the requester's network address (`limits.client_hash`); "" has no limit.
    """
    lock_user(address.user_id)  # two clicks at the same moment count one after the other
    limit = check_resend_limit(address, verification_mails(address), client)
    if limit is None:
        _enqueue_verification(address, client)
    return limit


def send_signup_verification(address: EmailAddress) -> None:
    """Queue the first mail of a new account, inside the transaction that creates it. Over the limit of its
    address it queues nothing: a sign-up is never refused for its mail, and the banner says when to ask again.

    Unlike `send_verification` it takes no lock, because no other session can see the account yet, and looks
    for no block of the mailbox, because the form has refused a blocked one.
    """
    if not seconds_to_wait(address, verification_mails(address)):
        _enqueue_verification(address)


def _enqueue_verification(address: EmailAddress, client: str = "") -> None:
    """Queue the mail with the link; or, where another account has verified the address, a mail that tells its
    owner so.

    The requesting user sees no difference.
    """
    owner = (
        User.objects.filter(emailaddress__email=address.email, emailaddress__verified=True)
        .exclude(pk=address.user_id)
        .first()
    )
    enqueue(
        TAKEN_PURPOSE if owner else LINK_PURPOSE,
        to=address.email,
        language=owner.language if owner else address.user.language,
        context={"address": address.pk},
        user=address.user,
        client=client,
    )


@transaction.atomic
def change_address(user: User, email: str) -> EmailAddress:
    """Replace the unverified address of `user` by `email`, or add it beside the verified one until it is
    verified itself.

    The old row is deleted and a new one created. Links carry the row's id, so links to the old address die,
    and none can verify the new one.
    """
    user = lock_user(user.pk)
    email = same_address(email)
    existing = user.emailaddress_set.filter(email=email).first()
    if existing is not None:
        return existing
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
    TAKEN = "taken"  # another account has verified the address since
    DEAD = "dead"  # never made by us, altered, or of an address that was deleted


@dataclass(frozen=True)
class ConfirmationLink:
    """The state of a link in a mail, and its address unless the link is dead."""

    state: LinkState
    address: EmailAddress | None = None

    @property
    def is_alive(self) -> bool:
        return self.state in (LinkState.GOOD, LinkState.EXPIRED)


def link_key(address: EmailAddress) -> str:
    """The signed part of the link that verifies `address`, with the time at which it was made."""
    return EmailConfirmationHMAC(address).key


def read_link(key: str) -> ConfirmationLink:
    """Read the link with `key`. Raises nothing, whatever `key` is."""
    max_age = timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    try:
        pk = signing.loads(key, salt=app_settings.SALT)
    except signing.BadSignature:
        return ConfirmationLink(LinkState.DEAD)
    address = EmailAddress.objects.select_related("user").filter(pk=pk).first()
    if address is None:
        return ConfirmationLink(LinkState.DEAD)
    link = link_state(address)
    if link.state == LinkState.GOOD:
        try:
            signing.loads(key, salt=app_settings.SALT, max_age=max_age)
        except signing.SignatureExpired:
            return ConfirmationLink(LinkState.EXPIRED, address)
    return link


def link_state(address: EmailAddress) -> ConfirmationLink:
    """The state of a link to `address` that was made just now."""
    if address.verified:
        return ConfirmationLink(LinkState.USED, address)
    return ConfirmationLink(LinkState.GOOD if address.can_set_verified() else LinkState.TAKEN, address)


def not_me_key(address: EmailAddress) -> str:
    """The signed part of the link by which the mailbox's owner reports that somebody else gave `address`."""
    return signing.dumps(address.pk, salt=NOT_ME_SALT)


def read_not_me(key: str) -> ConfirmationLink:
    """Read the “this was not me” link with `key`. It is dead for staff accounts and used for a verified
    address. Raises nothing.
    """
    try:
        pk = signing.loads(key, salt=NOT_ME_SALT, max_age=timedelta(days=NOT_ME_DAYS))
    except signing.BadSignature:
        return ConfirmationLink(LinkState.DEAD)
    address = EmailAddress.objects.select_related("user").filter(pk=pk).first()
    if address is None or address.user.is_staff:
        return ConfirmationLink(LinkState.DEAD)
    return ConfirmationLink(LinkState.USED if address.verified else LinkState.GOOD, address)

"""Confirming an e-mail address: the steps, in the order in which they run.

1. `plan_confirmation` reads a link and says what confirming would do in this browser. It writes nothing.
2. `confirm_by_link` is the button of the link's page: step 3, and then the page to go to.
3. `verify_mailbox` is one transaction: step 4 where it applies, then step 5.
4. `hand_over_account` ends sessions, password and second factors that were set before the mailbox's owner
   came.
5. `mark_verified` makes the address verified; what waited for it is published.

A link starts at step 1. A password reset and a log-in code start at step 3: their mail has reached the
mailbox already. The admin's action is step 5 alone.
"""

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.hooks import confirmation_previews
from accounts.models import User
from accounts.sessions import end_sessions

from . import account_handover, addresses
from .addresses import ConfirmationLink, LinkState

# In the query of the page after the button, which does not say that the link was used already.
RECENTLY_VERIFIED = "confirmed"


@dataclass(frozen=True)
class ConfirmationPlan:
    """What the button on a link's page does in one browser."""

    link: ConfirmationLink
    needs_login: bool = False  # the new address of a verified account: only its own session may confirm it
    hands_over: bool = False  # step 4 applies

    @property
    def can_confirm(self) -> bool:
        return self.link.state == LinkState.GOOD and not self.needs_login


def plan_confirmation(request: HttpRequest, key: str) -> ConfirmationPlan:
    """Step 1: read the link with `key` and say what its button would do. Unlike the later steps it changes
    nothing.
    """
    link = _link_for_session(request, addresses.read_link(key))
    if link.state != LinkState.GOOD:
        return ConfirmationPlan(link)
    user = link.address.user
    return ConfirmationPlan(
        link,
        needs_login=account_handover.is_change_from_outside(request, user),
        hands_over=account_handover.is_first_external_proof(request, user),
    )


def _link_for_session(request: HttpRequest, link: ConfirmationLink) -> ConfirmationLink:
    """The link as it stands for the account that is logged in here, if it has the same address.

    Anybody may sign up twice with one address. The mailbox and the session are in one hand then: the link
    proves the account of this session, whichever of the two asked for the mail, and takes nothing away.
    """
    user = request.user
    if link.state not in (LinkState.GOOD, LinkState.TAKEN) or not user.is_authenticated:
        return link
    if link.address.user_id == user.pk or link.address.user.is_verified:
        return link
    own = user.emailaddress_set.filter(email=link.address.email, primary=True).first()
    return addresses.link_state(own) if own else link


def confirm_by_link(request: HttpRequest, plan: ConfirmationPlan) -> str:
    """Step 2: verify the link's address and return the path to redirect to. Unlike step 3 it is about one
    browser and one link.

    After a hand-over an anonymous browser goes on to the page that sets a password. Any other comes back to
    the link's page; another account that is logged in there stays logged in.
    """
    address = plan.link.address
    is_verified = verify_mailbox(request, address.user, address)
    if is_verified and plan.hands_over and not request.user.is_authenticated:
        return account_handover.set_password_path(address.user)
    return f"{request.path}?{RECENTLY_VERIFIED}"


def verify_mailbox(request: HttpRequest, user: User, address: EmailAddress) -> bool:
    """Step 3: verify `address` of `user`, which a mail to it has proved, and hand the account over where that
    is the first proof and comes from outside. Unlike step 5 it decides whose account it is.

    `user` is changed in place, so that it can be logged in. Returns False, with nothing changed, when it is
    too late (see step 5).
    """
    with transaction.atomic():
        if addresses.lock_user(user.pk) and account_handover.is_first_external_proof(request, user):
            hand_over_account(user)
        if mark_verified(request, address):
            return True
        transaction.set_rollback(True)
        return False


def hand_over_account(user: User) -> None:
    """Step 4: log `user` out everywhere, void the password and second factors, and hold back what was written
    before.

    It runs inside step 3's transaction, which holds the user's lock; alone it verifies nothing.
    """
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()  # also ends sessions that were not recorded: their hash no longer matches
    user.pending_content_unconfirmed = any(preview(user, at_once=False) for preview in confirmation_previews)
    user.save(update_fields=["password", "pending_content_unconfirmed"])


def mark_verified(request: HttpRequest, address: EmailAddress) -> bool:
    """Step 5: set `address` verified, in one transaction with what follows from it: `email_confirmed`
    publishes waiting comments.

    Unlike step 3 it takes nothing away from the account. Returns False when it is too late: the row is gone,
    or another account has verified the address before.
    """
    try:
        with transaction.atomic():
            user = addresses.lock_user(address.user_id)
            fresh = EmailAddress.objects.filter(pk=address.pk).first()
            return bool(user and fresh) and (fresh.verified or get_adapter().confirm_email(request, fresh))
    except IntegrityError:  # unique_verified_email: the other account's confirmation was committed in between
        return False


@receiver(authentication_step_completed)
def verify_by_login_code(
    *, request: HttpRequest, user: User, method: str, email: str | None = None, **kwargs
) -> None:
    """Step 3 for a log-in code, which came by mail. allauth sends this signal before it looks for second
    factors.
    """
    address = user.emailaddress_set.filter(email=email, verified=False).first() if method == "code" else None
    if address is not None:
        verify_mailbox(request, user, address)

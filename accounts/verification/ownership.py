"""The first proof of a mailbox, when it comes from outside the account's own session: by reset, by code, by the link in another browser.

Whoever made the account with that address may have been a squatter, who waits inside for the owner to move in. So the proof hands the
account over to whoever reads the mailbox: every session ends, the password and the second factors set before it are void, and what was
written before it is published only after the owner has said that it is theirs.
"""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from accounts.hooks import confirmation_previews_hooks, discard_steps, release_steps
from accounts.models import User
from accounts.sessions import end_sessions

from . import addresses


def is_first_external_proof(request: HttpRequest, user: User) -> bool:
    """Whether proving a mailbox of `user` from this browser is the first proof, and comes from outside the account's own session."""
    return request.user.pk != user.pk and not user.is_verified


def is_change_by_stranger(request: HttpRequest, user: User) -> bool:
    """Whether a new address of an account that has a proven one would be confirmed from outside its own session.

    A reader who mistypes the new address must not give the account away to whoever reads that mailbox.
    """
    return request.user.pk != user.pk and user.is_verified


def verify_with_handover(request: HttpRequest, user: User, address: EmailAddress) -> bool:
    """Prove `address` of `user`, handing the account over when the proof is the first and comes from outside.

    `user` is changed in place, so that it can be logged in. False when it is too late (see `verification.confirm`): nothing changes then.
    """
    with transaction.atomic():
        if addresses.lock_user(user.pk) and is_first_external_proof(request, user):
            _transfer_to_owner(user)
        if addresses.confirm_address(request, address):
            return True
        transaction.set_rollback(True)
        return False


def _transfer_to_owner(user: User) -> None:
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()  # also ends what sessions could not be found: their hash no longer fits
    user.pending_content_unconfirmed = any(note(user, at_once=False) for note in confirmation_previews_hooks)
    user.save(update_fields=["password", "pending_content_unconfirmed"])


def set_password_page(user: User) -> str:
    """The path of the page that gives `user` a password. For who has just proven the mailbox: it is what a reset's mail leads to."""
    return reverse(
        "account_reset_password_from_key",
        args=[user_pk_to_url_str(user), default_token_generator.make_token(user)],
    )


@receiver(authentication_step_completed)
def verify_by_login_code(
    *, request: HttpRequest, user: User, method: str, email: str | None = None, **kwargs
) -> None:
    """The code came by mail: it proves the mailbox. allauth says so before it looks for second factors."""
    address = user.emailaddress_set.filter(email=email, verified=False).first() if method == "code" else None
    if address is not None:
        verify_with_handover(request, user, address)


@transaction.atomic
def claim_or_discard_pending_content(user: User, *, is_mine: bool) -> None:
    """The owner has said whether what waited is theirs: it is released, or it goes."""
    user = addresses.lock_user(user.pk)
    if user is None or not user.pending_content_unconfirmed:
        return
    user.pending_content_unconfirmed = False
    user.save(update_fields=["pending_content_unconfirmed"])
    for step in release_steps if is_mine else discard_steps:
        step(user)

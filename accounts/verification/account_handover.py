"""Whose account it is: the first proof of a mailbox that comes from outside the account's own session.

Such a proof is a password reset, a log-in code, or the link opened in another browser. The account may have
been made by a squatter, who signs up with the owner's address and waits inside for the owner to verify it. So
the proof hands the account over to the person who reads the mailbox (see flow.py): every session ends, the
password and second factors set before it are void, and content written before it is published only after the
owner has claimed it.
"""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts.hooks import discard_steps, release_steps
from accounts.models import User

from . import addresses


def is_first_external_proof(request: HttpRequest, user: User) -> bool:
    """Whether verifying a mailbox of `user` from this browser is the first verification and comes from
    outside the account's session.
    """
    return request.user.pk != user.pk and not user.is_verified


def is_change_from_outside(request: HttpRequest, user: User) -> bool:
    """Whether confirming from this browser would change the address of a verified account from outside its
    own session.

    A user who mistypes the new address must not give the account away to the person who reads that mailbox.
    """
    return request.user.pk != user.pk and user.is_verified


def set_password_path(user: User) -> str:
    """The path of the page that sets a password, which a reset's mail leads to. Only for a browser that has
    just proved the mailbox.
    """
    return reverse(
        "account_reset_password_from_key",
        args=[user_pk_to_url_str(user), default_token_generator.make_token(user)],
    )


@transaction.atomic
def claim_or_discard_pending_content(user: User, *, is_mine: bool) -> None:
    """Publish the content that waits since a hand-over (`is_mine`), or delete it. Does nothing where none
    waits.
    """
    user = addresses.lock_user(user.pk)
    if user is None or not user.pending_content_unconfirmed:
        return
    user.pending_content_unconfirmed = False
    user.save(update_fields=["pending_content_unconfirmed"])
    for step in release_steps if is_mine else discard_steps:
        step(user)

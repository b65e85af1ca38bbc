"""What the accounts app does with comments: at log-in, log-out, verification, erasure and takeout.

Imported by the app's configuration, so that every function is registered.
"""

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.hooks import (
    before_erasure,
    confirmation_preview,
    discard_step,
    erasure_step,
    fragment_view,
    name_notes,
    name_refusals,
    name_reviews,
    offers_digest,
    personal_content_cookie,
    release_step,
    takeout_section,
)
from accounts.models import User
from comments.services import drafts

from . import services
from .drafts import DRAFT_COOKIE
from .models import Report
from .policy import State

EXPORT_BATCH = 500  # comments in memory at once

before_erasure(services.erase_in_batches)
erasure_step(services.keep_ban)
erasure_step(services.erase_comments)
release_step(services.release_comments)
discard_step(services.discard_pending)
personal_content_cookie(DRAFT_COOKIE)
fragment_view("comments:personal_fragment")
name_refusals.append(services.name_refusal)
name_reviews.append(services.review_name)
name_notes.append(services.name_note)
offers_digest(lambda user: user.has_perm("comments.moderate_comment"))


@receiver(user_logged_in)
def on_login(*, request: HttpRequest | None, user: User, **kwargs) -> None:
    """Show the drafts of this browser under the account."""
    if request is not None:
        drafts.attach_to_user(request, user)


@receiver(user_logged_out)
def on_logout(*, request: HttpRequest | None, user: User | None, **kwargs) -> None:
    """Leave no drafts in the browser."""
    if request is not None:
        drafts.detach_from_browser(request, user)


@receiver(email_confirmed)
def on_email_confirmed(*, email_address: EmailAddress, **kwargs) -> None:
    """Release the comments that waited for the address. allauth sends the signal outside any transaction.

    Unconfirmed content waits on until the owner of the mailbox has said that it is theirs.
    """
    services.apply_kept_ban(email_address)
    if not email_address.user.pending_content_unconfirmed:
        services.release_comments(email_address.user)


@confirmation_preview
def comments_to_be_published(user: User, *, at_once: bool) -> SafeString:
    """HTML that lists the content waiting for the address; empty when there is none.

    With `at_once` it stands above the button that confirms and publishes. Otherwise the owner is asked first
    whether the content is theirs.
    """
    comments = list(user.comments.filter(state=State.UNVERIFIED).select_related("article").order_by("pk"))
    # Confirming posts no drafts, but an owner who is asked has to see them too.
    texts = [] if at_once else list(user.comment_drafts.select_related("article").order_by("pk"))
    context = {"comments": comments, "texts": texts, "number": len(comments) + len(texts), "at_once": at_once}
    return (
        render_to_string("comments/_confirmation_note.html", context) if comments or texts else SafeString()
    )


@takeout_section("comments")
def comments_section(user: User) -> Iterator[dict[str, Any]]:
    """The user's comments with the decisions about them.

    Titles of unpublished articles are left out: they may change.
    """
    comments = user.comments.order_by("pk").with_article().prefetch_related("decisions")
    return (
        {
            "article": comment.article.title if comment.article.is_public else "",
            "text": comment.body,
            "state": comment.state,
            "reason": comment.reason,
            "words from the moderator": comment.note,
            "written": comment.created_at,
            "edited": comment.edited_at,
            "sent in again": comment.revised_at,
            "appealed": comment.appealed_at,
            "your note to the moderators": comment.appeal,
            "decisions": [
                {
                    "decision": decision.verb,
                    "words from the moderator": decision.note,
                    "text that was judged": decision.body,
                    "decided": decision.decided_at,
                }
                for decision in comment.decisions.all()
            ],
        }
        for comment in comments.iterator(EXPORT_BATCH)
    )


@takeout_section("bans")
def bans_section(user: User) -> list[dict[str, Any]]:
    """Begin and end of each ban, without `why`, the moderators' note to each other."""
    return list(user.bans.order_by("pk").values("created_at", "until"))


@takeout_section("texts not posted yet")
def drafts_section(user: User) -> list[dict[str, Any]]:
    return list(user.comment_drafts.order_by("pk").values("body", "created_at"))


@takeout_section("threads without mails")
def mutes_section(user: User) -> list[dict[str, Any]]:
    return list(user.mutes.order_by("pk").values("thread_id", "created_at"))


@takeout_section("names that moderators look at")
def names_section(user: User) -> list[dict[str, Any]]:
    return list(user.name_reviews.order_by("pk").values("name", "previous", "state", "created_at"))


@takeout_section("reports")
def reports_section(user: User) -> list[dict[str, Any]]:
    return list(
        Report.objects.filter(reporter=user)
        .order_by("pk")
        .values("comment_id", "reason", "note", "created_at")
    )


@takeout_section("comments you are looking at")
def claims_section(user: User) -> list[dict[str, Any]]:
    return list(user.claims.order_by("pk").values("comment_id", "until"))

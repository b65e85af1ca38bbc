"""What becomes of comments when something happens to an account. Imported once, by the app's configuration."""

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

EXPORT_BATCH = 500  # comments in memory

before_erasure(services.erase_in_batches)
erasure_step(services.erase_comments)
release_step(services.release_comments)
discard_step(services.discard_pending)
personal_content_cookie(DRAFT_COOKIE)
fragment_view("comments:me")
offers_digest(lambda user: user.has_perm("comments.moderate_comment"))


@receiver(user_logged_in)
def attach_drafts_on_login(*, request: HttpRequest | None, user: User, **kwargs) -> None:
    if request is not None:
        drafts.attach_to_user(request, user)


@receiver(user_logged_out)
def detach_drafts_on_logout(*, request: HttpRequest | None, user: User | None, **kwargs) -> None:
    if request is not None:
        drafts.detach_from_browser(request, user)


@receiver(email_confirmed)
def release_on_email_confirmed(*, email_address: EmailAddress, **kwargs) -> None:
    """allauth sends this outside any transaction; `release` opens its own. What is doubted waits on, for its owner's word."""
    if not email_address.user.pending_content_unconfirmed:
        services.release_comments(email_address.user)


@confirmation_preview
def comments_to_be_published(user: User, *, at_once: bool) -> SafeString:
    """Shown above the button that confirms the address, or where its owner is asked whether it is theirs."""
    comments = list(user.comments.filter(state=State.UNVERIFIED).select_related("article").order_by("pk"))
    # Confirming publishes no text that its author has not posted. But its owner is to say whether these, too, are theirs.
    texts = [] if at_once else list(user.comment_drafts.select_related("article").order_by("pk"))
    context = {"comments": comments, "texts": texts, "number": len(comments) + len(texts), "at_once": at_once}
    return (
        render_to_string("comments/_confirmation_note.html", context) if comments or texts else SafeString()
    )


@takeout_section("comments")
def comments_section(user: User) -> Iterator[dict[str, Any]]:
    written = user.comments.order_by("pk").with_article().prefetch_related("decisions")
    return (
        {
            "article": comment.article.title
            if comment.article.is_public
            else "",  # it may have a new one, for later
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
                    "decision": each.verb,
                    "words from the moderator": each.note,
                    "text that was judged": each.body,
                    "decided": each.decided_at,
                }
                for each in comment.decisions.all()
            ],
        }
        for comment in written.iterator(EXPORT_BATCH)
    )


@takeout_section("bans")
def bans_section(user: User) -> list[dict[str, Any]]:
    """Why is the moderators' note to each other."""
    return list(user.bans.order_by("pk").values("created_at", "until"))


@takeout_section("texts not posted yet")
def drafts_section(user: User) -> list[dict[str, Any]]:
    return list(user.comment_drafts.order_by("pk").values("body", "created_at"))


@takeout_section("threads without mails")
def mutes_section(user: User) -> list[dict[str, Any]]:
    return list(user.mutes.order_by("pk").values("thread_id", "created_at"))


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

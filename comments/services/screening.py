"""Screening: collects the facts about a text and its author that the rules of `policy` decide by."""

import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import policy
from comments.discussion_status import discussion_status, is_article_open
from comments.models import (
    Ban,
    BlockedPhrase,
    Comment,
    CommentDraft,
    Decision,
    Discussion,
    SiteCommentSettings,
)
from comments.policy import Outcome, RefusalReason, ScreeningFacts, State, Switch
from comments.text import blocklist, markup
from ictiger.core.prepared import Prelude, PreparedQuery
from ictiger.core.times import local_time_text

from .errors import AccountDeleted, BlockedWords, CommentsClosed, DiscussionClosed, Forbidden, RateLimited


class ScreeningRow(NamedTuple):
    """What the database knows about a comment and its author: the one row of the screening query."""

    verified: bool  # the author has a verified address
    banned: bool
    is_posted: bool  # a comment with this submission exists
    has_draft: bool  # a draft with this submission exists
    approved_before: bool
    rejected_lately: bool
    duplicate: bool
    too_fast: bool
    hour_began_at: (
        datetime | None
    )  # of the oldest comment that fills the limit per hour; None below the limit
    discussion_switch: str
    site_switch: str
    blocklist_version: uuid.UUID | None  # None before the first change of the blocklist


# The matcher of this process, and the version of the blocklist it was made from.
_cached_matcher: tuple[uuid.UUID | None, blocklist.Matcher] = (None, blocklist.Matcher([]))


def screen_submission(comment: Comment, user: User, context: ScreeningRow | None = None) -> Outcome:
    """What the policy says about a comment that its author posts, edits or resubmits. Raises CommentError.

    Pass `context` to avoid the query when the caller has it. Sets `comment.matched_phrases`.
    """
    context = context or screening_context(comment, user)
    facts = _screening_facts(comment, context)
    match policy.refusal_reason(facts):
        case RefusalReason.CLOSED:
            raise CommentsClosed
        case RefusalReason.WORDS:
            raise BlockedWords
        case RefusalReason.TOO_MANY if context.hour_began_at is not None:
            raise RateLimited(_rate_limit_message(context.hour_began_at + policy.HOUR))
    return _outcome(comment, facts)


def rescreen(comment: Comment, user: User) -> Outcome:
    """What the policy says about a comment that was accepted before: it may be held, but not refused."""
    return _outcome(comment, _screening_facts(comment, screening_context(comment, user)))


def _outcome(comment: Comment, facts: ScreeningFacts) -> Outcome:
    """The policy's outcome, except that a hold by moderators or reports stays, whatever the text is now."""
    outcome = policy.screen(facts)
    if (
        comment.state == State.PENDING
        and comment.reason in policy.MANUAL_HOLDS
        and outcome.state != State.UNVERIFIED
    ):
        return Outcome(State.PENDING, comment.reason)
    return outcome


def _screening_facts(comment: Comment, context: ScreeningRow) -> ScreeningFacts:
    matches = _matcher(context.blocklist_version).find(comment.body)
    comment.matched_phrases = " · ".join(matches.refused + matches.held)[:300]
    return ScreeningFacts(
        verified=context.verified,
        banned=context.banned,
        approved_before=context.approved_before,
        rejected_lately=context.rejected_lately,
        duplicate=context.duplicate,
        links=len(markup.links_in(comment.body)),
        switch=policy.strictest(context.discussion_switch, context.site_switch),
        held_words=bool(matches.held),
        refused_words=bool(matches.refused),
        too_fast=context.too_fast,
        too_many=context.hour_began_at is not None,
    )


def screening_context(
    comment: Comment, user: User, *, until: datetime | None = None, prelude: Prelude | None = None
) -> ScreeningRow:
    """Ask the database, in one query, everything that screening and posting a comment depend on.

    The rate limits count the author's comments up to `until`, by default up to this comment. Raises
    AccountDeleted.
    """
    now = timezone.now()
    row = _screening_query(settings.COMMENTS_AT_A_TIME, settings.COMMENTS_IN_AN_HOUR).row(
        prelude=prelude,
        user=user.pk,
        comment=comment.pk or 0,
        discussion=comment.discussion_id,
        fingerprint=comment.fingerprint,
        submission=comment.submission,
        until=until or comment.created_at,
        duplicates_since=comment.created_at - policy.DUPLICATE_PERIOD,
        burst_since=comment.created_at - policy.BURST_PERIOD,
        hour_since=comment.created_at - policy.HOUR,
        rejections_since=now - policy.REJECTION_COUNTS_FOR,
        now=now,
    )
    if row is None:
        raise AccountDeleted
    return ScreeningRow(**row._asdict())


@cache
def _screening_query(at_a_time: int, in_an_hour: int) -> PreparedQuery:
    """The query for these rate limits. Its columns are the fields of ScreeningRow."""

    def build(
        user,
        comment,
        discussion,
        fingerprint,
        submission,
        until,
        duplicates_since,
        burst_since,
        hour_since,
        rejections_since,
        now,
    ):
        others = Comment.objects.filter(author=user).exclude(pk=comment).order_by()
        same_text = others.exclude(state=State.REMOVED).filter(fingerprint=fingerprint)
        is_near = Q(discussion_id=discussion) | Q(created_at__gt=duplicates_since)
        earlier = others.filter(created_at__lte=until).order_by("-created_at").values("created_at")
        site_settings = SiteCommentSettings.objects.filter(pk=SiteCommentSettings.ONLY)
        discussion_switch = Discussion.objects.filter(pk=discussion).values("switch")
        return (
            User.objects.order_by()
            .filter(pk=user)
            .values(
                verified=Exists(EmailAddress.objects.filter(user=user, verified=True)),
                banned=Exists(Ban.objects.active(at=now).filter(user=user)),
                is_posted=Exists(Comment.objects.filter(submission=submission)),
                has_draft=Exists(CommentDraft.objects.filter(submission=submission)),
                approved_before=Exists(others.filter(approved=True)),
                rejected_lately=Exists(_negative_decisions(user, since=rejections_since)),
                duplicate=Exists(same_text.filter(is_near)),
                too_fast=Exists(earlier.filter(created_at__gt=burst_since)[at_a_time - 1 :]),
                hour_began_at=Subquery(earlier.filter(created_at__gt=hour_since)[in_an_hour - 1 :][:1]),
                discussion_switch=Coalesce(Subquery(discussion_switch), Value(Switch.OPEN)),
                site_switch=Coalesce(Subquery(site_settings.values("switch")), Value(Switch.OPEN)),
                blocklist_version=Subquery(site_settings.values("blocklist_version")),
            )
        )

    return PreparedQuery(build, server_side=True)


def current_matcher() -> blocklist.Matcher:
    """The matcher for the blocklist as it is now."""
    stored = SiteCommentSettings.objects.filter(pk=SiteCommentSettings.ONLY)
    return _matcher(stored.values_list("blocklist_version", flat=True).first())


def _matcher(version: uuid.UUID | None) -> blocklist.Matcher:
    """The matcher for this version of the blocklist, rebuilt when the version changes.

    Version None is the empty list.
    """
    global _cached_matcher
    if _cached_matcher[0] != version:
        phrases = BlockedPhrase.objects.values_list("text", "effect") if version else []
        _cached_matcher = (version, blocklist.Matcher(phrases))
    return _cached_matcher[1]


def _rate_limit_message(free_at: datetime) -> str:
    """When the author can post again, rounded up to the minute."""
    next_minute = timezone.localtime(free_at).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _(
        "You have posted %(number)s comments within an hour. "
        "You can post again at %(time)s; until then your text stays in the box."
    ) % {
        "number": settings.COMMENTS_IN_AN_HOUR,
        "time": local_time_text(next_minute, "TIME_FORMAT"),
    }


def is_trusted(user: User) -> bool:
    """Whether an earlier comment was approved, none was turned down lately, and the user is not banned."""
    negative = _negative_decisions(user, since=timezone.now() - policy.REJECTION_COUNTS_FOR)
    is_approved = Comment.objects.filter(author=user, approved=True).exists()
    return is_approved and not negative.exists() and not Ban.objects.active().filter(user=user).exists()


def _negative_decisions(user: User, since: datetime) -> QuerySet[Decision]:
    """Rejections and removals of the user's comments that no other decision has followed or undone.

    Resubmitting, appealing or removing the comment does not lift them.
    """
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    negative = Decision.objects.filter(to_state__in=[State.REJECTED, State.REMOVED], decided_at__gt=since)
    # The state is excluded for speed: most comments of most users are visible.
    by_user = Q(comment__author=user) & ~Q(comment__state=State.VISIBLE)
    return negative.filter(by_user, ~Exists(later)).order_by()


def require_open(article: Article) -> None:
    """Raise DiscussionClosed where no comments are taken now, because of the article or of a switch."""
    require_article_open(article)
    if not discussion_status(article).is_open:
        raise CommentsClosed


def require_article_open(article: Article) -> None:
    """`require_open()` without the switches, for callers that screen the text anyway."""
    if not is_article_open(article):
        raise DiscussionClosed


def require_not_banned(user: User) -> None:
    """Raise Forbidden, with the end of the longest ban, while the user is banned."""
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if None in ends:
        raise Forbidden(_("You can no longer comment here. Your text is below, for you to copy."))
    if ends:
        until = local_time_text(max(ends))
        raise Forbidden(
            _("You cannot comment until %(until)s. Your text is below, for you to copy.") % {"until": until}
        )

"""Whether somebody may be heard here and now, and what the policy says about a text by what its author wrote before."""

import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import formats, timezone
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
from comments.policy import Outcome, Refusal, ScreeningFacts, State, Switch
from comments.text import blocklist, markup
from ictiger.core.prepared import Prelude, PreparedQuery

from .errors import AccountDeleted, BlockedWords, CommentsClosed, DiscussionClosed, Forbidden, RateLimited

# What this process has made of the list of phrases, and the stamp of the list it was made from.
_matchers: tuple[uuid.UUID | None, blocklist.Matcher] = (None, blocklist.Matcher([]))


def screen_submission(comment: Comment, user: User, known: Any = None) -> Outcome:
    """What the policy says about a comment as its author sends it: new, edited or mended. Raises Refused when it is not taken at all.

    `known` is `what_is_known`, for who has asked for it already.
    """
    known = known or screening_context(comment, user)
    facts = _screening_facts(comment, known)
    match policy.refusal_of(facts):
        case Refusal.CLOSED:
            raise CommentsClosed
        case Refusal.WORDS:
            raise BlockedWords
        case Refusal.TOO_MANY:
            raise RateLimited(_over_limit(known.fullest + policy.HOUR))
    return _outcome_of(comment, facts)


def rescreen(comment: Comment, user: User) -> Outcome:
    """What the policy says about a comment that was taken before."""
    return _outcome_of(comment, _screening_facts(comment, screening_context(comment, user)))


def _outcome_of(comment: Comment, facts: ScreeningFacts) -> Outcome:
    """The policy's, but what moderators or readers hold stays held, whatever the text says now."""
    verdict = policy.screen(facts)
    held_by_people = comment.state == State.PENDING and comment.reason in policy.MANUAL_HOLDS
    return (
        Outcome(State.PENDING, comment.reason)
        if held_by_people and verdict.state != State.UNVERIFIED
        else verdict
    )


def _screening_facts(comment: Comment, known: Any) -> ScreeningFacts:
    found = _matcher(known.stamp).find(comment.body)
    comment.matched_phrases = " · ".join(found.refused + found.held)[:300]
    return ScreeningFacts(
        verified=known.verified,
        banned=known.banned,
        approved_before=known.approved_before,
        rejected_lately=known.turned_down_lately,
        duplicate=known.duplicate,
        links=len(markup.links_in(comment.body)),
        switch=policy.strictest(known.here, known.everywhere),
        held_words=bool(found.held),
        refused_words=bool(found.refused),
        too_fast=known.fast,
        too_many=known.fullest is not None,
    )


def screening_context(
    comment: Comment, user: User, *, until: datetime | None = None, prelude: Prelude | None = None
) -> Any:
    """Everything that the rules ask the database, and what else stands in the way of a new comment, in one query.

    Of what was written shortly before it counts what is no later than itself, or than `until`.
    """
    now = timezone.now()
    known = _screening_query(settings.COMMENTS_AT_A_TIME, settings.COMMENTS_IN_AN_HOUR).row(
        prelude=prelude,
        user=user.pk,
        comment=comment.pk or 0,
        discussion=comment.discussion_id,
        fingerprint=comment.fingerprint,
        submission=comment.submission,
        until=until or comment.created_at,
        a_day_before=comment.created_at - policy.DUPLICATE_PERIOD,
        minutes_before=comment.created_at - policy.BURST_PERIOD,
        an_hour_before=comment.created_at - policy.HOUR,
        weeks_ago=now - policy.REJECTION_COUNTS_FOR,
        now=now,
    )
    if known is None:
        raise AccountDeleted
    return known


@cache
def _screening_query(at_a_time: int, in_an_hour: int) -> PreparedQuery:
    def build(
        user,
        comment,
        discussion,
        fingerprint,
        submission,
        until,
        a_day_before,
        minutes_before,
        an_hour_before,
        weeks_ago,
        now,
    ):
        others = Comment.objects.filter(author=user).exclude(pk=comment).order_by()
        same = others.exclude(state=State.REMOVED).filter(fingerprint=fingerprint)
        near = Q(discussion_id=discussion) | Q(created_at__gt=a_day_before)
        before = others.filter(created_at__lte=until).order_by("-created_at").values("created_at")
        house = SiteCommentSettings.objects.filter(pk=SiteCommentSettings.ONLY)
        return (
            User.objects.order_by()
            .filter(pk=user)
            .values(
                verified=Exists(EmailAddress.objects.filter(user=user, verified=True)),
                banned=Exists(Ban.objects.active(at=now).filter(user=user)),
                sent_before=Exists(Comment.objects.filter(submission=submission)),
                waits=Exists(CommentDraft.objects.filter(submission=submission)),
                approved_before=Exists(others.filter(approved=True)),
                turned_down_lately=Exists(_negative_decisions(user, since=weeks_ago)),
                duplicate=Exists(same.filter(near)),
                fast=Exists(before.filter(created_at__gt=minutes_before)[at_a_time - 1 :]),
                fullest=Subquery(before.filter(created_at__gt=an_hour_before)[in_an_hour - 1 :][:1]),
                here=Coalesce(
                    Subquery(Discussion.objects.filter(pk=discussion).values("switch")), Value(Switch.OPEN)
                ),
                everywhere=Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
                stamp=Subquery(house.values("blocklist_version")),
            )
        )

    return PreparedQuery(build, server_side=True)


def _matcher(stamp: uuid.UUID | None) -> blocklist.Matcher:
    """The list of phrases, made ready once for each time that it changes. Without a stamp there has never been one."""
    global _matchers
    if _matchers[0] != stamp:
        _matchers = (
            stamp,
            blocklist.Matcher(BlockedPhrase.objects.values_list("text", "effect") if stamp else []),
        )
    return _matchers[1]


def _over_limit(again: datetime) -> str:
    to_the_minute = timezone.localtime(again).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _(
        "You have posted %(number)s comments within an hour. You can post again at %(time)s; until then your text stays in the box."
    ) % {
        "number": settings.COMMENTS_IN_AN_HOUR,
        "time": formats.date_format(to_the_minute, "TIME_FORMAT"),
    }


def is_trusted(user: User) -> bool:
    """An earlier comment was approved, none was turned down lately, and they may comment."""
    turned_down = _negative_decisions(user, since=timezone.now() - policy.REJECTION_COUNTS_FOR)
    is_approved = Comment.objects.filter(author=user, approved=True).exists()
    return is_approved and not turned_down.exists() and not Ban.objects.active().filter(user=user).exists()


def _negative_decisions(user: User, since: datetime) -> QuerySet[Decision]:
    """Decisions against comments of theirs that still hold: not taken back, nor followed by another. What the author has done since, by
    sending it in again, appealing or removing it, makes none of them undone."""
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    against = Decision.objects.filter(to_state__in=[State.REJECTED, State.REMOVED], decided_at__gt=since)
    theirs = Q(comment__author=user) & ~Q(
        comment__state=State.VISIBLE
    )  # said for speed: most comments of most people are visible
    return against.filter(theirs, ~Exists(later)).order_by()


def require_open(article: Article) -> None:
    """Raise DiscussionClosed where no comment is taken now."""
    require_article_open(article)
    if not discussion_status(article).is_open:
        raise CommentsClosed


def require_article_open(article: Article) -> None:
    """`refuse_unless_open` for who looks at the switches anyway, as `admit` does."""
    if not is_article_open(article):
        raise DiscussionClosed


def require_not_banned(user: User) -> None:
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if None in ends:
        raise Forbidden(_("You can no longer comment here. Your text is below, for you to copy."))
    if ends:
        until = formats.date_format(timezone.localtime(max(ends)), "DATETIME_FORMAT")
        raise Forbidden(
            _("You cannot comment until %(until)s. Your text is below, for you to copy.") % {"until": until}
        )

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
from comments import markup, phrases, policy
from comments.models import Ban, Comment, Decision, Discussion, House, Phrase, WaitingText
from comments.openness import article_is_open, now
from comments.policy import Facts, Refusal, State, Switch, Verdict
from ictiger.compiled import Ahead, Compiled

from .refusals import ClosedForNow, DiscussionClosed, Forbidden, Left, TooMany, WordsRefused

# What this process has made of the list of phrases, and the stamp of the list it was made from.
_made: tuple[uuid.UUID | None, phrases.Matcher] = (None, phrases.Matcher([]))


def admit(comment: Comment, user: User, known: Any = None) -> Verdict:
    """What the policy says about a comment as its author sends it: new, edited or mended. Raises Refused when it is not taken at all.

    `known` is `what_is_known`, for who has asked for it already.
    """
    known = known or what_is_known(comment, user)
    facts = _facts(comment, known)
    match policy.refusal_of(facts):
        case Refusal.CLOSED:
            raise ClosedForNow
        case Refusal.WORDS:
            raise WordsRefused
        case Refusal.TOO_MANY:
            raise TooMany(_too_many(known.fullest + policy.HOUR))
    return _verdict(comment, facts)


def judge(comment: Comment, user: User) -> Verdict:
    """What the policy says about a comment that was taken before."""
    return _verdict(comment, _facts(comment, what_is_known(comment, user)))


def _verdict(comment: Comment, facts: Facts) -> Verdict:
    """The policy's, but what moderators or readers hold stays held, whatever the text says now."""
    verdict = policy.judge(facts)
    held_by_people = comment.state == State.PENDING and comment.reason in policy.PUT_BY_PEOPLE
    return Verdict(State.PENDING, comment.reason) if held_by_people and verdict.state != State.UNVERIFIED else verdict


def _facts(comment: Comment, known: Any) -> Facts:
    found = _matcher(known.stamp).find(comment.body)
    comment.listed = " · ".join(found.refused + found.held)[:300]
    return Facts(
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


def what_is_known(comment: Comment, user: User, *, until: datetime | None = None, ahead: Ahead | None = None) -> Any:
    """Everything that the rules ask the database, and what else stands in the way of a new comment, in one query.

    Of what was written shortly before it counts what is no later than itself, or than `until`.
    """
    now = timezone.now()
    known = _known(settings.COMMENTS_AT_A_TIME, settings.COMMENTS_IN_AN_HOUR).row(
        ahead=ahead,
        user=user.pk,
        comment=comment.pk or 0,
        discussion=comment.discussion_id,
        fingerprint=comment.fingerprint,
        submission=comment.submission,
        until=until or comment.created_at,
        a_day_before=comment.created_at - policy.SAME_TEXT_ELSEWHERE,
        minutes_before=comment.created_at - policy.AT_A_TIME,
        an_hour_before=comment.created_at - policy.HOUR,
        weeks_ago=now - policy.REJECTION_COUNTS_FOR,
        now=now,
    )
    if known is None:
        raise Left
    return known


@cache
def _known(at_a_time: int, in_an_hour: int) -> Compiled:
    def build(user, comment, discussion, fingerprint, submission, until, a_day_before, minutes_before, an_hour_before, weeks_ago, now):
        others = Comment.objects.filter(author=user).exclude(pk=comment).order_by()
        same = others.exclude(state=State.REMOVED).filter(fingerprint=fingerprint)
        near = Q(discussion_id=discussion) | Q(created_at__gt=a_day_before)
        before = others.filter(created_at__lte=until).order_by("-created_at").values("created_at")
        house = House.objects.filter(pk=House.ONLY)
        return (
            User.objects.order_by()
            .filter(pk=user)
            .values(
                verified=Exists(EmailAddress.objects.filter(user=user, verified=True)),
                banned=Exists(Ban.objects.active(at=now).filter(user=user)),
                sent_before=Exists(Comment.objects.filter(submission=submission)),
                waits=Exists(WaitingText.objects.filter(submission=submission)),
                approved_before=Exists(others.filter(approved=True)),
                turned_down_lately=Exists(_turned_down(user, since=weeks_ago)),
                duplicate=Exists(same.filter(near)),
                fast=Exists(before.filter(created_at__gt=minutes_before)[at_a_time - 1 :]),
                fullest=Subquery(before.filter(created_at__gt=an_hour_before)[in_an_hour - 1 :][:1]),
                here=Coalesce(Subquery(Discussion.objects.filter(pk=discussion).values("switch")), Value(Switch.OPEN)),
                everywhere=Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
                stamp=Subquery(house.values("phrases_stamp")),
            )
        )

    return Compiled(build, planned=True)


def _matcher(stamp: uuid.UUID | None) -> phrases.Matcher:
    """The list of phrases, made ready once for each time that it changes. Without a stamp there has never been one."""
    global _made
    if _made[0] != stamp:
        _made = (stamp, phrases.Matcher(Phrase.objects.values_list("text", "effect") if stamp else []))
    return _made[1]


def _too_many(again: datetime) -> str:
    to_the_minute = timezone.localtime(again).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _(
        "You have posted %(number)s comments within an hour. You can post again at %(time)s; until then your text stays in the box."
    ) % {
        "number": settings.COMMENTS_IN_AN_HOUR,
        "time": formats.date_format(to_the_minute, "TIME_FORMAT"),
    }


def is_trusted(user: User) -> bool:
    """An earlier comment was approved, none was turned down lately, and they may comment."""
    turned_down = _turned_down(user, since=timezone.now() - policy.REJECTION_COUNTS_FOR)
    is_approved = Comment.objects.filter(author=user, approved=True).exists()
    return is_approved and not turned_down.exists() and not Ban.objects.active().filter(user=user).exists()


def _turned_down(user: User, since: datetime) -> QuerySet[Decision]:
    """Decisions against comments of theirs that still hold: not taken back, nor followed by another. What the author has done since, by
    sending it in again, appealing or removing it, makes none of them undone."""
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    against = Decision.objects.filter(to_state__in=[State.REJECTED, State.REMOVED], decided_at__gt=since)
    theirs = Q(comment__author=user) & ~Q(comment__state=State.VISIBLE)  # said for speed: most comments of most people are visible
    return against.filter(theirs, ~Exists(later)).order_by()


def refuse_unless_open(article: Article) -> None:
    """Raise DiscussionClosed where no comment is taken now."""
    refuse_unless_article_is_open(article)
    if not now(article).is_open:
        raise ClosedForNow


def refuse_unless_article_is_open(article: Article) -> None:
    """`refuse_unless_open` for who looks at the switches anyway, as `admit` does."""
    if not article_is_open(article):
        raise DiscussionClosed


def refuse_if_banned(user: User) -> None:
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if None in ends:
        raise Forbidden(_("You can no longer comment here. Your text is below, for you to copy."))
    if ends:
        until = formats.date_format(timezone.localtime(max(ends)), "DATETIME_FORMAT")
        raise Forbidden(_("You cannot comment until %(until)s. Your text is below, for you to copy.") % {"until": until})

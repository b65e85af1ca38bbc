"""Whether somebody may be heard here and now, and what the policy says about a text by what its author wrote before."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Exists, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import markup, phrases, policy
from comments.models import Ban, Comment, CommentQuerySet, Discussion, House, Phrase
from comments.openness import article_is_open, now
from comments.policy import Facts, Refusal, Remover, State, Switch, Verdict

from .refusals import ClosedForNow, DiscussionClosed, Forbidden, TooMany, WordsRefused

# What this process has made of the list of phrases, and the stamp of the list it was made from.
_made: tuple[uuid.UUID | None, phrases.Matcher] = (None, phrases.Matcher([]))


def admit(comment: Comment, user: User) -> Verdict:
    """What the policy says about a comment as its author sends it: new, edited or mended. Raises Refused when it is not taken at all."""
    known = _what_is_known(comment, user)
    facts = _facts(comment, user, known)
    match policy.refusal_of(facts):
        case Refusal.CLOSED:
            raise ClosedForNow
        case Refusal.WORDS:
            raise WordsRefused
        case Refusal.TOO_MANY:
            raise TooMany(_too_many(known["fullest"] + policy.HOUR))
    return _verdict(comment, facts)


def judge(comment: Comment, user: User) -> Verdict:
    """What the policy says about a comment that was taken before."""
    return _verdict(comment, _facts(comment, user, _what_is_known(comment, user)))


def _verdict(comment: Comment, facts: Facts) -> Verdict:
    """The policy's, but what moderators or readers hold stays held, whatever the text says now."""
    verdict = policy.judge(facts)
    held_by_people = comment.state == State.PENDING and comment.reason in policy.PUT_BY_PEOPLE
    return Verdict(State.PENDING, comment.reason) if held_by_people and verdict.state != State.UNVERIFIED else verdict


def _facts(comment: Comment, user: User, known: dict) -> Facts:
    found = _matcher(known["stamp"]).find(comment.body)
    comment.listed = " · ".join(found.refused + found.held)[:300]
    return Facts(
        verified=user.is_verified,
        approved_before=known["approved_before"],
        rejected_lately=known["turned_down_lately"],
        duplicate=known["duplicate"],
        links=len(markup.links_in(comment.body)),
        switch=policy.strictest(known["here"], known["everywhere"]),
        held_words=bool(found.held),
        refused_words=bool(found.refused),
        too_fast=known["fast"],
        too_many=known["fullest"] is not None,
    )


def _what_is_known(comment: Comment, user: User) -> dict:
    """Everything that the rules ask the database, in one query."""
    others = Comment.objects.filter(author=user).exclude(pk=comment.pk).order_by()
    same = others.exclude(state=State.REMOVED).filter(fingerprint=comment.fingerprint)
    near = Q(discussion_id=comment.discussion_id) | Q(created_at__gt=comment.created_at - policy.SAME_TEXT_ELSEWHERE)
    before = others.filter(created_at__lte=comment.created_at).order_by("-created_at").values("created_at")
    at_a_time = before.filter(created_at__gt=comment.created_at - policy.AT_A_TIME)
    in_an_hour = before.filter(created_at__gt=comment.created_at - policy.HOUR)
    house = House.objects.filter(pk=House.ONLY)
    return (
        get_user_model()
        .objects.order_by()
        .values(
            approved_before=Exists(others.filter(approved=True)),
            turned_down_lately=Exists(_turned_down_lately(user)),
            duplicate=Exists(same.filter(near)),
            fast=Exists(at_a_time[settings.COMMENTS_AT_A_TIME - 1 :]),
            fullest=Subquery(in_an_hour[settings.COMMENTS_IN_AN_HOUR - 1 :][:1]),
            here=Coalesce(Subquery(Discussion.objects.filter(pk=comment.discussion_id).values("switch")), Value(Switch.OPEN)),
            everywhere=Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
            stamp=Subquery(house.values("phrases_stamp")),
        )
        .get(pk=user.pk)
    )


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
    """An earlier comment was approved, and none was turned down lately."""
    return Comment.objects.filter(author=user, approved=True).exists() and not _turned_down_lately(user).exists()


def _turned_down_lately(user: User) -> CommentQuerySet:
    since = timezone.now() - policy.REJECTION_COUNTS_FOR
    turned_down = Q(state__in=[State.REJECTED, State.REMOVED]) & ~Q(reason=Remover.AUTHOR)
    read_again = Q(state=State.PENDING, reason__in=policy.SECOND_READINGS)  # turned down until somebody finds otherwise
    return Comment.objects.filter(turned_down | read_again, author=user).filter(decisions__decided_at__gt=since)


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

"""The rules of the discussion: what holds a comment, and what may become of it. Pure: no ORM, no request, no settings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _

EDIT_WINDOW = timedelta(minutes=15)
REJECTION_COUNTS_FOR = timedelta(days=30)
REPORTS_THAT_HOLD = 3
THREADS_PER_PAGE = 50
OWN_PER_PAGE = 50  # of a reader's own
LINKS_WITHOUT_A_LOOK = 5  # in a comment of somebody trusted
AT_A_TIME = timedelta(minutes=5)
HOUR = timedelta(hours=1)
SAME_TEXT_ELSEWHERE = timedelta(days=1)  # the same text in another discussion counts as repeated for so long


class State(models.TextChoices):
    UNVERIFIED = "unverified", _("waiting for the address to be confirmed")
    PENDING = "pending", _("waiting for a moderator")
    VISIBLE = "visible", _("visible")
    REJECTED = "rejected", _("rejected")
    REMOVED = "removed", _("removed")


class Switch(models.TextChoices):
    """What readers may do in one discussion or in all of them; of two the stricter holds."""

    OPEN = "open", _("open")
    HELD = "held", _("everything is held: a moderator reads each comment before it appears")
    CLOSED = "closed", _("closed: no comment is taken, what waits stays")


class Hold(models.TextChoices):
    """The rule that keeps a comment from being visible at once, as its author is told."""

    BANNED = "banned", _("You may not comment at present. A moderator looks at what you had written before.")
    EVERYTHING_HELD = "everything_held", _("At present a moderator reads every comment before it appears.")
    HELD_WORDS = "held_words", _("It has words that a moderator looks at first, whoever writes them.")
    NEWCOMER = "newcomer", _("A moderator reads everyone’s first comment. Later ones appear at once.")
    LINKS = "links", _("It has links, and none of your comments has been approved yet. A moderator looks at it first.")
    REJECTED_LATELY = (
        "rejected_lately",
        _("A comment of yours was turned down in the last 30 days, so a moderator looks at this one first."),
    )
    DUPLICATE = "duplicate", _("You have written the same before. A moderator looks at it first.")
    MANY_LINKS = "many_links", _("It has many links. A moderator looks at it first.")
    TOO_FAST = "too_fast", _("You have posted several comments within minutes. A moderator looks at this one first.")
    REPORTED = "reported", _("Readers have reported it. A moderator looks at it again.")
    UNDONE = "undone", _("A moderator has taken back a decision and will look at it again.")
    MENDED = "mended", _("You have changed it and sent it in again. A moderator reads it as it is now.")
    APPEALED = "appealed", _("You have appealed. It is read again with your note, by another moderator if there is one.")


class Complaint(models.TextChoices):
    """What a reader may find wrong with a comment. (What its author is told is a moderator's to choose: models.Reason.)"""

    OFF_TOPIC = "off_topic", _("It is not about the article or the comment it replies to.")
    UNCIVIL = "uncivil", _("It attacks a person rather than an argument.")
    ADVERTISING = "advertising", _("It advertises.")
    UNLAWFUL = "unlawful", _("It may break the law or infringe somebody’s rights.")
    UNCLEAR = "unclear", _("We could not make out what it says.")
    OTHER = "other", _("It does not fit the comment policy.")


class Remover(models.TextChoices):
    """Who removed a comment, as its place in the thread says. A moderator may give a reason (models.Reason) instead."""

    AUTHOR = "author", _("Removed by its author.")
    MODERATOR = "moderator", _("Removed by a moderator.")
    ERASURE = "erasure", _("Its author has left and taken this comment along.")


IN_ITS_PLACE = {
    State.PENDING: _("A moderator is looking at this comment again."),
    State.REJECTED: Remover.MODERATOR.label,
}


class Verb(models.TextChoices):
    """What a moderator may do."""

    APPROVE = "approve", _("approve")
    REJECT = "reject", _("reject")
    REMOVE = "remove", _("remove")
    UNDO = "undo", _("undo")


# Where each decision may be taken, and where it leads. Undo leads back to where the last decision came from.
MOVES: dict[str, dict[str, str]] = {
    Verb.APPROVE: {State.PENDING: State.VISIBLE},
    Verb.REJECT: {State.PENDING: State.REJECTED},
    Verb.REMOVE: {State.PENDING: State.REMOVED, State.VISIBLE: State.REMOVED},
}
UNDOABLE = frozenset({State.VISIBLE, State.REJECTED, State.REMOVED})
EDITABLE = frozenset({State.UNVERIFIED, State.PENDING, State.VISIBLE})
SECOND_READINGS = frozenset({Hold.MENDED, Hold.APPEALED})  # of a rejected comment; the text stands as it was sent in
PUT_BY_PEOPLE = SECOND_READINGS | {Hold.REPORTED, Hold.UNDONE}  # holds that no change of the text lifts


@dataclass(frozen=True)
class Facts:
    """What the rules look at. `approved_before` and `duplicate` do not count the comment that is judged."""

    verified: bool
    banned: bool = False
    approved_before: bool = False
    rejected_lately: bool = False
    duplicate: bool = False
    links: int = 0
    switch: Switch = Switch.OPEN
    held_words: bool = False
    refused_words: bool = False
    too_fast: bool = False
    too_many: bool = False  # in an hour


@dataclass(frozen=True)
class Verdict:
    state: State
    rule: Hold | None = None


class Refusal(Enum):
    """Why a text is not taken."""

    CLOSED = "closed"
    WORDS = "words"
    TOO_MANY = "too_many"


def judge(facts: Facts) -> Verdict:
    """The state in which a comment, new or edited, enters the discussion, and the rule that holds it, if one does."""
    if not facts.verified:
        return Verdict(State.UNVERIFIED)
    rule = _rule_against(facts)
    return Verdict(State.PENDING, rule) if rule else Verdict(State.VISIBLE)


def refusal_of(facts: Facts) -> Refusal | None:
    """Why a text is not taken at all, however trusted its author, if there is a reason."""
    if facts.switch == Switch.CLOSED:
        return Refusal.CLOSED
    if facts.refused_words:
        return Refusal.WORDS
    return Refusal.TOO_MANY if facts.too_many else None


def strictest(*switches: str) -> Switch:
    """What holds where several switches say something."""
    return max(map(Switch, switches), key=Switch.values.index)


def _rule_against(facts: Facts) -> Hold | None:
    """The rule to be named. What would refuse a text holds one that was taken before it did."""
    if facts.banned:
        return Hold.BANNED
    if facts.switch != Switch.OPEN:
        return Hold.EVERYTHING_HELD
    if facts.held_words or facts.refused_words:
        return Hold.HELD_WORDS
    if not facts.approved_before:
        return Hold.LINKS if facts.links else Hold.NEWCOMER
    if facts.rejected_lately:
        return Hold.REJECTED_LATELY
    if facts.links > LINKS_WITHOUT_A_LOOK:
        return Hold.MANY_LINKS
    if facts.duplicate:
        return Hold.DUPLICATE
    return Hold.TOO_FAST if facts.too_fast or facts.too_many else None


def may_edit(state: str, reason: str, written: datetime, now: datetime) -> bool:
    """Whether its author may change a comment in place."""
    return state in EDITABLE and not (state == State.PENDING and reason in SECOND_READINGS) and now < written + EDIT_WINDOW


def page_of(thread_no: int) -> int:
    """The page that a thread has for good: pages are numbered from the oldest, 1."""
    return (thread_no - 1) // THREADS_PER_PAGE + 1


def told_to_author(state: str, reason: str) -> str:
    """The rule that holds a comment, for its author; "" in other states: what a moderator has to say goes with the comment, as its note."""
    return str(dict(Hold.choices).get(reason, "")) if state == State.PENDING else ""


def told_in_its_place(state: str, reason: str) -> str:
    """What stands where a comment was that is not visible now, for everybody."""
    if state == State.REMOVED:
        return str(dict(Remover.choices).get(reason, Remover.MODERATOR.label))
    return str(IN_ITS_PLACE.get(state, ""))

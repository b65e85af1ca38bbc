"""The rules of the discussion: what holds a comment, and which states may follow.

Pure: no ORM, no request, no settings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

EDIT_WINDOW = timedelta(minutes=15)
REJECTION_COUNTS_FOR = timedelta(days=30)
REPORTS_THAT_HOLD = 3  # by different trusted readers
# Reports of one reader a day that count towards holding. The others are seen by moderators all the same.
COUNTING_REPORTS_A_DAY = 5
MAX_EDITS = 30  # of one comment
MAX_REPORTS_AN_HOUR = 20  # of one reader
MAX_OPEN_REPORTS = 3  # of one reader about one comment
THREADS_PER_PAGE = 50
MY_COMMENTS_PER_PAGE = 50
MAX_UNHELD_LINKS = 5  # in a comment by a trusted author
BURST_PERIOD = timedelta(minutes=5)
HOUR = timedelta(hours=1)
SHORT_REPLY_WORDS = 10  # thanks and agreement: the same to several people is no duplicate
DUPLICATE_PERIOD = timedelta(days=1)  # in which the same text in another discussion is a duplicate


class State(models.TextChoices):
    """The states of a comment."""

    UNVERIFIED = "unverified", _("waiting for the address to be confirmed")
    PENDING = "pending", _("waiting for a moderator")
    VISIBLE = "visible", _("visible")
    REJECTED = "rejected", _("rejected")
    REMOVED = "removed", _("removed")


class Switch(models.TextChoices):
    """The positions of an emergency switch. Of the site's and the discussion's the stricter holds."""

    OPEN = "open", _("open")
    HELD = "held", _("everything is held: a moderator reads each comment before it appears")
    CLOSED = "closed", _("closed: no comment is taken, what waits stays")


class HoldRule(models.TextChoices):
    """The rules that hold a comment for a moderator. The labels are shown to its author."""

    BANNED = "banned", _("You may not comment at present. A moderator looks at what you had written before.")
    EVERYTHING_HELD = "everything_held", _("At present a moderator reads every comment before it appears.")
    HELD_WORDS = "held_words", _("It has words that a moderator looks at first, whoever writes them.")
    NEWCOMER = "newcomer", _("A moderator reads everyone’s first comment. Later ones appear at once.")
    LINKS = (
        "links",
        _("It has links, and none of your comments has been approved yet. A moderator looks at it first."),
    )
    REJECTED_LATELY = (
        "rejected_lately",
        _("A comment of yours was turned down in the last 30 days, so a moderator looks at this one first."),
    )
    DUPLICATE = "duplicate", _("You have written the same before. A moderator looks at it first.")
    MANY_LINKS = "many_links", _("It has many links. A moderator looks at it first.")
    TOO_FAST = (
        "too_fast",
        _("You have posted several comments within minutes. A moderator looks at this one first."),
    )
    REPORTED = "reported", _("Readers have reported it. A moderator looks at it again.")
    UNDONE = "undone", _("A moderator has taken back a decision and will look at it again.")
    REVISED = "mended", _("You have changed it and sent it in again. A moderator reads it as it is now.")
    APPEALED = (
        "appealed",
        _("You have appealed. It is read again with your note, by another moderator if there is one."),
    )


class ReportReason(models.TextChoices):
    """Why a reader reports a comment.

    The reason that its author is given is a moderator's choice: models.Reason.
    """

    OFF_TOPIC = "off_topic", _("It is not about the article or the comment it replies to.")
    UNCIVIL = "uncivil", _("It attacks a person rather than an argument.")
    ADVERTISING = "advertising", _("It advertises.")
    UNLAWFUL = "unlawful", _("It may break the law or infringe somebody’s rights.")
    UNCLEAR = "unclear", _("We could not make out what it says.")
    OTHER = "other", _("It does not fit the comment policy.")


class RemovedBy(models.TextChoices):
    """Who removed a comment; the label stands in its place.

    A moderator may give a reason (models.Reason) instead.
    """

    AUTHOR = "author", _("Removed by its author.")
    MODERATOR = "moderator", _("Removed by a moderator.")
    ERASURE = "erasure", _("Its author has left and taken this comment along.")


PLACEHOLDERS = {
    State.PENDING: _("A moderator is looking at this comment again."),
    State.REJECTED: RemovedBy.MODERATOR.label,
}


class ModerationAction(models.TextChoices):
    """The decisions that a moderator may take."""

    APPROVE = "approve", _("approve")
    REJECT = "reject", _("reject")
    REMOVE = "remove", _("remove")
    UNDO = "undo", _("undo")


# From which state to which each action leads. Undo leads back to the state before the last decision.
TRANSITIONS: dict[str, dict[str, str]] = {
    # Approving a visible comment leaves it up and settles the reports about it.
    ModerationAction.APPROVE: {State.PENDING: State.VISIBLE, State.VISIBLE: State.VISIBLE},
    ModerationAction.REJECT: {State.PENDING: State.REJECTED},
    ModerationAction.REMOVE: {State.PENDING: State.REMOVED, State.VISIBLE: State.REMOVED},
}
UNDOABLE = frozenset({State.VISIBLE, State.REJECTED, State.REMOVED})
EDITABLE = frozenset({State.UNVERIFIED, State.PENDING, State.VISIBLE})
# Second reviews of a rejected comment: its text may not be edited meanwhile.
REVIEW_HOLDS = frozenset({HoldRule.REVISED, HoldRule.APPEALED})
# Holds by people, which no change of the text lifts.
MANUAL_HOLDS = REVIEW_HOLDS | {HoldRule.REPORTED, HoldRule.UNDONE}


@dataclass(frozen=True)
class ScreeningFacts:
    """What the rules decide by. `approved_before` and `duplicate` do not count the screened comment."""

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
    too_many: bool = False  # comments within an hour


@dataclass(frozen=True)
class Outcome:
    """The state that a comment gets, and why: a HoldRule, a RemovedBy or the code of a Reason."""

    state: str
    reason: str = ""


class RefusalReason(Enum):
    """Why a text is refused."""

    CLOSED = "closed"
    WORDS = "words"
    TOO_MANY = "too_many"


def screen(facts: ScreeningFacts) -> Outcome:
    """The state of a new or edited comment, and the rule that holds it, if one does."""
    if not facts.verified:
        return Outcome(State.UNVERIFIED)
    rule = _first_rule(facts)
    return Outcome(State.PENDING, rule) if rule else Outcome(State.VISIBLE)


def refusal_reason(facts: ScreeningFacts) -> RefusalReason | None:
    """Why a text is refused, however trusted its author; None when it is not."""
    if facts.switch == Switch.CLOSED:
        return RefusalReason.CLOSED
    if facts.refused_words:
        return RefusalReason.WORDS
    return RefusalReason.TOO_MANY if facts.too_many else None


def strictest(*switches: str) -> Switch:
    """The strictest of several switches."""
    return max(map(Switch, switches), key=Switch.values.index)


def _first_rule(facts: ScreeningFacts) -> HoldRule | None:
    """The first rule that holds the comment, which is named to its author.

    A switch, words or a limit that would refuse a new text hold one that was accepted before.
    """
    if facts.banned:
        return HoldRule.BANNED
    if facts.switch != Switch.OPEN:
        return HoldRule.EVERYTHING_HELD
    if facts.held_words or facts.refused_words:
        return HoldRule.HELD_WORDS
    if not facts.approved_before:
        return HoldRule.LINKS if facts.links else HoldRule.NEWCOMER
    if facts.rejected_lately:
        return HoldRule.REJECTED_LATELY
    if facts.links > MAX_UNHELD_LINKS:
        return HoldRule.MANY_LINKS
    if facts.duplicate:
        return HoldRule.DUPLICATE
    return HoldRule.TOO_FAST if facts.too_fast or facts.too_many else None


def is_short_reply(*, words: int, links: int) -> bool:
    """Whether the text of a reply is a duplicate only below the same comment: thanks to one person are none
    to another. WordPress compares all comments so; we do it for what is too short to advertise much.
    """
    return words <= SHORT_REPLY_WORDS and not links


def may_edit(state: str, reason: str, written_at: datetime, now: datetime) -> bool:
    """Whether the author may edit the comment in place."""
    return (
        state in EDITABLE
        and not (state == State.PENDING and reason in REVIEW_HOLDS)
        and now < written_at + EDIT_WINDOW
    )


def discussion_page_number(thread_no: int) -> int:
    """The number of the page a thread is on. It never changes: page 1 has the oldest threads."""
    return (thread_no - 1) // THREADS_PER_PAGE + 1


def author_message(state: str, reason: str) -> str:
    """The rule that holds a comment, in words for its author; "" in other states, where its note says why."""
    return str(dict(HoldRule.choices).get(reason, "")) if state == State.PENDING else ""


def placeholder_text(state: str, reason: str) -> str:
    """What all readers see in the place of a comment that is not visible; "" for a visible one."""
    if state == State.REMOVED:
        return str(dict(RemovedBy.choices).get(reason, RemovedBy.MODERATOR.label))
    return str(PLACEHOLDERS[State(state)]) if state in PLACEHOLDERS else ""


HOLD_RULE_LABELS = {
    HoldRule.BANNED: _("author is banned"),
    HoldRule.EVERYTHING_HELD: _("everything is held"),
    HoldRule.HELD_WORDS: _("listed words"),
    HoldRule.MANY_LINKS: _("many links"),
    HoldRule.TOO_FAST: _("many comments within minutes"),
    HoldRule.NEWCOMER: _("first comment"),
    HoldRule.LINKS: _("newcomer’s links"),
    HoldRule.REJECTED_LATELY: _("turned down lately"),
    HoldRule.DUPLICATE: _("said before"),
    HoldRule.REPORTED: pgettext_lazy("what holds a comment", "reported"),
    HoldRule.UNDONE: _("decision taken back"),
    HoldRule.REVISED: _("mended"),
    HoldRule.APPEALED: _("appeal"),
}


def hold_rule_label(rule: str) -> str:
    """The short name of a rule for moderators; the rule itself where it has none."""
    return str(HOLD_RULE_LABELS[HoldRule(rule)]) if rule in HOLD_RULE_LABELS else rule

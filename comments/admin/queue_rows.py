"""The rows of the desk: a comment with everything that a decision about it needs, in as many queries for one as for fifty."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import User
from comments import policy
from comments.models import Claim, Comment, Decision, Report
from comments.moderators import moderators
from comments.policy import TRANSITIONS, HoldRule, ModerationAction, State
from comments.services import recusal_reason, undo_outcome
from ictiger.core.text_diff import DiffPart, diff_texts

from .author_records import AuthorRecord, author_records
from .unsaved_input import BAN_FIELDS, NO_INPUT, UnsavedInput


@dataclass
class QueueRow:
    """`rejection` is the decision that a mended text or an appeal answers, `changes` what its author has changed since."""

    comment: Comment
    record: AuthorRecord | None
    reports: list[Report]
    last: Decision | None
    rejection: Decision | None
    claimed_by: User | None  # somebody else
    for_another: str  # why this moderator does not decide
    typed: UnsavedInput  # what this moderator wrote for it, and was not taken
    changes: list[list[DiffPart]] = field(default_factory=list)

    @property
    def rule(self) -> str:
        """What holds it, in short; "" where the listed words beside it say so."""
        if self.comment.state != State.PENDING or (
            self.comment.reason == HoldRule.HELD_WORDS and self.comment.matched_phrases
        ):
            return ""
        return policy.hold_rule_label(self.comment.reason)

    @property
    def answered(self) -> Comment | None:
        return self.comment.replied_to or self.comment.parent

    @property
    def is_appeal(self) -> bool:
        return self.comment.state == State.PENDING and self.comment.reason == HoldRule.APPEALED

    @property
    def told_in(self) -> str:
        """The language in which the author is told something."""
        return self.comment.author.language if self.comment.author else self.comment.language

    @property
    def verbs(self) -> list[ModerationAction]:
        """What may be decided from here."""
        if self.for_another:
            return []
        found = [verb for verb, moves in TRANSITIONS.items() if self.comment.state in moves]
        return [*found, ModerationAction.UNDO] if undo_outcome(self.comment, self.last) else found

    @property
    def typed_here(self) -> UnsavedInput:
        """What was typed into this row's own boxes."""
        return NO_INPUT if self.typed.at_once else self.typed

    @property
    def words_left_over(self) -> str:
        """Words for what is no longer offered: to be copied, where they stand in no box."""
        offered = [*self.verbs, *([BAN_FIELDS] if self.comment.author else [])]
        return "" if self.typed_here.verb in offered else self.typed_here.words


def orphaned_input(rows: list[QueueRow], typed: UnsavedInput) -> str:
    """The same for a whole page: words for a comment that is not on it, or for several where there is none."""
    has_place = rows if typed.at_once else any(row.typed is typed for row in rows)
    return "" if has_place else typed.words


def visible_to_moderators(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """Those that are moderators' to see, with what a row shows of others. What waits for a mailbox is its author's alone."""
    return comments.exclude(state=State.UNVERIFIED).select_related(
        "article", "author", "parent__author", "replied_to__author"
    )


def queue_rows(
    comments: Iterable[Comment], moderator: User, typed: UnsavedInput = NO_INPUT
) -> list[QueueRow]:
    """Rows for `moderator`, of comments that come from `at_the_desk`."""
    comments = list(comments)
    ids = [comment.pk for comment in comments]
    records = author_records(comment.author for comment in comments if comment.author)
    decisions = _grouped(
        Decision.objects.filter(comment__in=ids).select_related("moderator").order_by("-decided_at", "-pk")
    )
    reports = _grouped(Report.objects.filter(comment__in=ids))
    claims = (
        Claim.objects.active()
        .filter(comment__in=ids)
        .exclude(moderator=moderator)
        .select_related("moderator")
    )
    claimed = {claim.comment_id: claim.moderator for claim in claims}
    deciders = set(moderators().values_list("pk", flat=True))
    return [
        _queue_row(
            comment,
            decisions[comment.pk],
            record=records.get(comment.author_id),
            reports=reports[comment.pk],
            claimed_by=claimed.get(comment.pk),
            typed=typed if comment.pk in typed.rows else NO_INPUT,
            for_another=recusal_reason(comment, moderator, deciders),
        )
        for comment in comments
    ]


def _queue_row(comment: Comment, decisions: list[Decision], **found) -> QueueRow:
    is_second_reading = comment.state == State.PENDING and bool(comment.revised_at or comment.appealed_at)
    rejection = (
        next((each for each in decisions if each.verb == ModerationAction.REJECT), None)
        if is_second_reading
        else None
    )
    changes = diff_texts(rejection.body, comment.body) if rejection else []
    return QueueRow(
        comment=comment,
        last=decisions[0] if decisions else None,
        rejection=rejection,
        changes=changes,
        **found,
    )


def _grouped(rows) -> defaultdict[int, list]:
    below = defaultdict(list)
    for row in rows:
        below[row.comment_id].append(row)
    return below

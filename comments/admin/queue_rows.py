"""The rows of the queue: a comment with everything that a decision about it needs.

The number of queries is the same for one row and for fifty.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import QuerySet

from accounts.models import User
from comments import policy
from comments.models import Claim, Comment, Decision, Report
from comments.moderators import moderators
from comments.policy import TRANSITIONS, HoldRule, ModerationAction, State
from comments.services import recusal_reason, undo_outcome
from ictiger.core.text_diff import DiffPart, diff_texts

from .author_records import AuthorRecord, author_records
from .unsaved_input import BAN_ACTION, NO_INPUT, UnsavedInput

DecisionOrReport = TypeVar("DecisionOrReport", Decision, Report)


@dataclass
class QueueRow:
    """One comment as one moderator sees it.

    `rejection` is the decision under review when the comment was resubmitted or appealed; `changes` is what
    its author has changed since.
    """

    comment: Comment
    author_record: AuthorRecord | None
    reports: list[Report]
    last_decision: Decision | None
    rejection: Decision | None
    claimed_by: User | None  # another moderator
    recusal_reason: str  # why this moderator may not decide; "" when they may
    unsaved: UnsavedInput  # this moderator's, for this comment alone or for several
    changes: list[list[DiffPart]] = field(default_factory=list)

    @property
    def rule_label(self) -> str:
        """The short name of the rule that holds the comment; "" where blocked phrases are shown instead."""
        if self.comment.state != State.PENDING or (
            self.comment.reason == HoldRule.HELD_WORDS and self.comment.matched_phrases
        ):
            return ""
        return policy.hold_rule_label(self.comment.reason)

    @property
    def parent(self) -> Comment | None:
        """The comment that this one replies to."""
        return self.comment.replied_to or self.comment.parent

    @property
    def is_appeal(self) -> bool:
        return self.comment.state == State.PENDING and self.comment.reason == HoldRule.APPEALED

    @property
    def last_report_id(self) -> int:
        """The newest report that the row shows; 0 without one."""
        return max((report.pk for report in self.reports), default=0)

    @property
    def has_open_reports(self) -> bool:
        """Whether a report has not been settled by a decision since, as in `ReportQuerySet.open()`."""
        last = self.last_decision
        return any(
            last is None or last.verb == ModerationAction.UNDO or last.decided_at < report.created_at
            for report in self.reports
        )

    @property
    def author_language(self) -> str:
        """The language of the message to the author."""
        return self.comment.author.language if self.comment.author else self.comment.language

    @property
    def actions(self) -> list[ModerationAction]:
        """The decisions that this moderator may take."""
        if self.recusal_reason:
            return []
        actions = [
            action
            for action, moves in TRANSITIONS.items()
            if self.comment.state in moves
            and (moves[self.comment.state] != self.comment.state or self.has_open_reports)
        ]
        return (
            [*actions, ModerationAction.UNDO] if undo_outcome(self.comment, self.last_decision) else actions
        )

    @property
    def form_input(self) -> UnsavedInput:
        """The unsaved input of this row's forms."""
        return NO_INPUT if self.unsaved.is_bulk else self.unsaved

    @property
    def orphaned_text(self) -> str:
        """Unsaved text for an action that is no longer available, so that the moderator can copy it."""
        available = [*self.actions, *([BAN_ACTION] if self.comment.author else [])]
        return "" if self.form_input.action in available else self.form_input.text


def orphaned_text(rows: list[QueueRow], unsaved: UnsavedInput) -> str:
    """Unsaved text for comments that are not on the page, so that the moderator can copy it.

    Text for several comments is orphaned when there are no rows: then the page has no form for it.
    """
    has_form = rows if unsaved.is_bulk else any(row.unsaved is unsaved for row in rows)
    return "" if has_form else unsaved.text


def visible_to_moderators(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """All but unverified comments, which only their authors see, with what a row shows of related objects."""
    return comments.exclude(state=State.UNVERIFIED).select_related(
        "article", "author", "parent__author", "replied_to__author"
    )


def queue_rows(
    comments: Iterable[Comment], moderator: User, unsaved: UnsavedInput = NO_INPUT
) -> list[QueueRow]:
    """Rows for `moderator`, of comments selected by `visible_to_moderators()`."""
    comments = list(comments)
    ids = [comment.pk for comment in comments]
    records = author_records(comment.author for comment in comments if comment.author)
    decisions = _by_comment(
        Decision.objects.filter(comment__in=ids).select_related("moderator").order_by("-decided_at", "-pk")
    )
    reports = _by_comment(Report.objects.filter(comment__in=ids))
    claims = Claim.objects.active().filter(comment__in=ids).exclude(moderator=moderator)
    claimed_by = {claim.comment_id: claim.moderator for claim in claims.select_related("moderator")}
    moderator_ids = set(moderators().values_list("pk", flat=True))
    return [
        _queue_row(
            comment,
            decisions[comment.pk],
            author_record=records.get(comment.author_id),
            reports=reports[comment.pk],
            claimed_by=claimed_by.get(comment.pk),
            unsaved=unsaved if comment.pk in unsaved.comment_ids else NO_INPUT,
            recusal_reason=recusal_reason(comment, moderator, moderator_ids),
        )
        for comment in comments
    ]


def _queue_row(comment: Comment, decisions: list[Decision], **fields) -> QueueRow:
    """The row, with what follows from the comment's decisions, newest first."""
    rejection = None
    if comment.state == State.PENDING and (comment.revised_at or comment.appealed_at):
        rejections = (decision for decision in decisions if decision.verb == ModerationAction.REJECT)
        rejection = next(rejections, None)
    return QueueRow(
        comment=comment,
        last_decision=decisions[0] if decisions else None,
        rejection=rejection,
        changes=diff_texts(rejection.body, comment.body) if rejection else [],
        **fields,
    )


def _by_comment(objects: Iterable[DecisionOrReport]) -> defaultdict[int, list[DecisionOrReport]]:
    grouped = defaultdict(list)
    for each in objects:
        grouped[each.comment_id].append(each)
    return grouped

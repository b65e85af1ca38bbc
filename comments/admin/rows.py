"""The rows of the desk: a comment with everything that a decision about it needs, in as many queries for one as for fifty."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import User
from articles.admin.comparison import Part, compare
from comments import rules
from comments.models import Claim, Comment, Decision, Report
from comments.moderators import moderators
from comments.policy import MOVES, Hold, State, Verb
from comments.services import for_another, undo_of

from .kept import NOTHING, OF_A_BAN, Typed
from .records import Record, records_of


@dataclass
class Row:
    """`rejection` is the decision that a mended text or an appeal answers, `changes` what its author has changed since."""

    comment: Comment
    record: Record | None
    reports: list[Report]
    last: Decision | None
    rejection: Decision | None
    claimed_by: User | None  # somebody else
    for_another: str  # why this moderator does not decide
    typed: Typed  # what this moderator wrote for it, and was not taken
    changes: list[list[Part]] = field(default_factory=list)

    @property
    def rule(self) -> str:
        """What holds it, in short; "" where the listed words beside it say so."""
        if self.comment.state != State.PENDING or (self.comment.reason == Hold.HELD_WORDS and self.comment.listed):
            return ""
        return rules.short(self.comment.reason)

    @property
    def answered(self) -> Comment | None:
        return self.comment.answers or self.comment.parent

    @property
    def is_appeal(self) -> bool:
        return self.comment.state == State.PENDING and self.comment.reason == Hold.APPEALED

    @property
    def told_in(self) -> str:
        """The language in which the author is told something."""
        return self.comment.author.language if self.comment.author else self.comment.language

    @property
    def verbs(self) -> list[Verb]:
        """What may be decided from here."""
        if self.for_another:
            return []
        found = [verb for verb, moves in MOVES.items() if self.comment.state in moves]
        return [*found, Verb.UNDO] if undo_of(self.comment, self.last) else found

    @property
    def typed_here(self) -> Typed:
        """What was typed into this row's own boxes."""
        return NOTHING if self.typed.at_once else self.typed

    @property
    def words_left_over(self) -> str:
        """Words for what is no longer offered: to be copied, where they stand in no box."""
        offered = [*self.verbs, *([OF_A_BAN] if self.comment.author else [])]
        return "" if self.typed_here.verb in offered else self.typed_here.words


def words_left_over(rows: list[Row], typed: Typed) -> str:
    """The same for a whole page: words for a comment that is not on it, or for several where there is none."""
    has_place = rows if typed.at_once else any(row.typed is typed for row in rows)
    return "" if has_place else typed.words


def at_the_desk(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """Those that are moderators' to see, with what a row shows of others. What waits for a mailbox is its author's alone."""
    return comments.exclude(state=State.UNVERIFIED).select_related("article", "author", "parent__author", "answers__author")


def rows_of(comments: Iterable[Comment], moderator: User, typed: Typed = NOTHING) -> list[Row]:
    """Rows for `moderator`, of comments that come from `at_the_desk`."""
    comments = list(comments)
    ids = [comment.pk for comment in comments]
    records = records_of(comment.author for comment in comments if comment.author)
    decisions = _grouped(Decision.objects.filter(comment__in=ids).select_related("moderator").order_by("-decided_at", "-pk"))
    reports = _grouped(Report.objects.filter(comment__in=ids))
    claims = Claim.objects.active().filter(comment__in=ids).exclude(moderator=moderator).select_related("moderator")
    claimed = {claim.comment_id: claim.moderator for claim in claims}
    deciders = set(moderators().values_list("pk", flat=True))
    return [
        _row(
            comment,
            decisions[comment.pk],
            record=records.get(comment.author_id),
            reports=reports[comment.pk],
            claimed_by=claimed.get(comment.pk),
            typed=typed if comment.pk in typed.rows else NOTHING,
            for_another=for_another(comment, moderator, deciders),
        )
        for comment in comments
    ]


def _row(comment: Comment, decisions: list[Decision], **found) -> Row:
    is_second_reading = comment.state == State.PENDING and bool(comment.mended_at or comment.appealed_at)
    rejection = next((each for each in decisions if each.verb == Verb.REJECT), None) if is_second_reading else None
    changes = compare(rejection.body, comment.body) if rejection else []
    return Row(comment=comment, last=decisions[0] if decisions else None, rejection=rejection, changes=changes, **found)


def _grouped(rows) -> defaultdict[int, list]:
    below = defaultdict(list)
    for row in rows:
        below[row.comment_id].append(row)
    return below

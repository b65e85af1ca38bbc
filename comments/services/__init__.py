"""The verbs of the discussion. Each is one transaction, through `change()`; what it cannot do it refuses in words for who asked."""

from .appeals import appeal, for_another, has_another_moderator, resubmit
from .claiming import claim, forget_old_claims, let_go
from .deciding import ban, decide, undo_last, undo_of
from .leaving import discard_waiting, erase, erase_in_batches, release
from .refusals import (
    Claimed,
    DiscussionClosed,
    ForAnother,
    Forbidden,
    Gone,
    Left,
    NoSuchParent,
    Overtaken,
    Refused,
    SubmissionTaken,
    TooMany,
    WordsRefused,
)
from .standing import is_trusted, judge, refuse_if_banned, refuse_unless_open
from .switching import switch_discussion, switch_house
from .writing import edit, post, remove, report

__all__ = [
    "Claimed",
    "DiscussionClosed",
    "ForAnother",
    "Forbidden",
    "Gone",
    "Left",
    "NoSuchParent",
    "Overtaken",
    "Refused",
    "SubmissionTaken",
    "TooMany",
    "WordsRefused",
    "appeal",
    "ban",
    "claim",
    "decide",
    "discard_waiting",
    "edit",
    "erase",
    "erase_in_batches",
    "for_another",
    "forget_old_claims",
    "has_another_moderator",
    "is_trusted",
    "judge",
    "let_go",
    "post",
    "refuse_if_banned",
    "refuse_unless_open",
    "release",
    "remove",
    "report",
    "resubmit",
    "switch_discussion",
    "switch_house",
    "undo_last",
    "undo_of",
]

"""The verbs of the discussion. Each is one transaction, through `change()`; what it cannot do it refuses in words for who asked."""

from .appeals import appeal, has_another_moderator, recusal_reason, resubmit
from .claims import claim_comment, prune_claims, release_claims
from .emergency_switch import switch_discussion, switch_site
from .erasure import erase_comments, erase_in_batches
from .errors import (
    AccountDeleted,
    BlockedWords,
    ClaimedByOther,
    CommentError,
    CommentNotFound,
    DiscussionClosed,
    DuplicateSubmission,
    Forbidden,
    ParentNotFound,
    RateLimited,
    Recused,
    StaleDecision,
)
from .moderation import ban_user, decide, undo_last, undo_outcome
from .posting import edit_comment, post_comment, remove_comment, report_comment
from .screening import is_trusted, require_not_banned, require_open, rescreen
from .verification import discard_pending, release_comments

__all__ = [
    "AccountDeleted",
    "BlockedWords",
    "ClaimedByOther",
    "CommentError",
    "CommentNotFound",
    "DiscussionClosed",
    "DuplicateSubmission",
    "Forbidden",
    "ParentNotFound",
    "RateLimited",
    "Recused",
    "StaleDecision",
    "appeal",
    "ban_user",
    "claim_comment",
    "decide",
    "discard_pending",
    "edit_comment",
    "erase_comments",
    "erase_in_batches",
    "has_another_moderator",
    "is_trusted",
    "post_comment",
    "prune_claims",
    "recusal_reason",
    "release_claims",
    "release_comments",
    "remove_comment",
    "report_comment",
    "require_not_banned",
    "require_open",
    "rescreen",
    "resubmit",
    "switch_discussion",
    "switch_site",
    "undo_last",
    "undo_outcome",
]

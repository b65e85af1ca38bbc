"""Everything that changes comments. Each function runs in one transaction, opened by `public_write()`.

A function that refuses raises a `CommentError`, whose text can be shown to the person who asked.

Locks are always taken in this order, so that no two transactions wait for each other:

1. the row of the author, and in the same statement the switch lock, shared (`transitions.lock_author`);
2. the rows of comments (`transitions.lock_comment`);
3. the row of the discussion (`transitions.update_counters`); of several discussions the smaller key first.

A function may leave out a lock that it does not need, but takes none that stands before one it already holds.
Turning an emergency switch takes the switch lock exclusively, before anything else (emergency_switch.py).
"""

from .appeals import appeal, resubmit
from .claims import claim_comment, prune_claims, release_claims
from .emergency_switch import switch_discussion, switch_site
from .erased_bans import apply_kept_ban, keep_ban, prune_erased_bans
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
    OtherAccount,
    ParentNotFound,
    RateLimited,
    Recused,
    StaleDecision,
    StaleEdit,
)
from .moderation import ban_user, decide, undo_last, undo_outcome
from .names import decide_name, name_note, name_refusal, review_name
from .posting import edit_comment, post_comment, remove_comment
from .recusal import has_another_moderator, recusal_reason
from .reports import report_comment
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
    "OtherAccount",
    "ParentNotFound",
    "RateLimited",
    "Recused",
    "StaleDecision",
    "StaleEdit",
    "appeal",
    "apply_kept_ban",
    "ban_user",
    "claim_comment",
    "decide",
    "decide_name",
    "discard_pending",
    "edit_comment",
    "erase_comments",
    "erase_in_batches",
    "has_another_moderator",
    "is_trusted",
    "keep_ban",
    "name_note",
    "name_refusal",
    "post_comment",
    "prune_claims",
    "prune_erased_bans",
    "recusal_reason",
    "release_claims",
    "release_comments",
    "remove_comment",
    "report_comment",
    "require_not_banned",
    "require_open",
    "rescreen",
    "resubmit",
    "review_name",
    "switch_discussion",
    "switch_site",
    "undo_last",
    "undo_outcome",
]

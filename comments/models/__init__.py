"""The discussion of an article, shared by its languages: comments, decisions, reports, bans, drafts.

What public pages show is written inside `ictiger.pagecache.public_write.public_write()`, by the functions of
`services`.
"""

from .blocklist import BlockedPhrase
from .comment import FORMER_READER, MAX_NOTE_LENGTH, MODERATE_CODENAME, Comment, CommentQuerySet
from .discussion import Discussion, SiteCommentSettings
from .drafts_and_mutes import CommentDraft, ThreadMute, compose_url
from .moderation import Ban, Claim, Decision, ErasedBan, Reason, Report
from .names import NameReview

__all__ = [
    "FORMER_READER",
    "MAX_NOTE_LENGTH",
    "MODERATE_CODENAME",
    "Ban",
    "BlockedPhrase",
    "Claim",
    "Comment",
    "CommentDraft",
    "CommentQuerySet",
    "Decision",
    "Discussion",
    "ErasedBan",
    "NameReview",
    "Reason",
    "Report",
    "SiteCommentSettings",
    "ThreadMute",
    "compose_url",
]

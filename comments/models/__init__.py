"""The discussion of an article, in both of its languages: comments, what was decided about them, and by whom.

What readers see is written inside `ictiger.pagecache.public_write.public_write()`, by the verbs of `services`.
"""

from .blocklist import BlockedPhrase
from .comment import FORMER_READER, NOTE, Comment, CommentQuerySet
from .discussion import Discussion, SiteCommentSettings
from .drafts_and_mutes import CommentDraft, ThreadMute, compose_url
from .moderation import Ban, Claim, Decision, Reason, Report

__all__ = [
    "FORMER_READER",
    "NOTE",
    "Ban",
    "BlockedPhrase",
    "Claim",
    "Comment",
    "CommentDraft",
    "CommentQuerySet",
    "Decision",
    "Discussion",
    "Reason",
    "Report",
    "SiteCommentSettings",
    "ThreadMute",
    "compose_url",
]

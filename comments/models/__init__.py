"""The discussion of an article, in both of its languages: comments, what was decided about them, and by whom.

What readers see is written inside `ictiger.delivery.change.change()`, by the verbs of `services`.
"""

from .comment import FORMER_READER, NOTE, Comment, CommentQuerySet
from .discussion import Discussion, House
from .moderation import Ban, Claim, Decision, Reason, Report
from .phrase import Phrase
from .reader import Mute, WaitingText, new_url

__all__ = [
    "FORMER_READER",
    "NOTE",
    "Ban",
    "Claim",
    "Comment",
    "CommentQuerySet",
    "Decision",
    "Discussion",
    "House",
    "Mute",
    "Phrase",
    "Reason",
    "Report",
    "WaitingText",
    "new_url",
]

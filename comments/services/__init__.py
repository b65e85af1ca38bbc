"""The verbs of the discussion. Each is one transaction, through `change()`; what it cannot do it refuses in words for who asked."""

from .appeals import appeal, has_another_moderator, resubmit, who_may_not_decide
from .deciding import ban, decide
from .refusals import DiscussionClosed, ForAnother, Forbidden, NoSuchParent, Overtaken, Refused, SubmissionTaken
from .standing import is_open, is_trusted, judge, refuse_if_banned, refuse_unless_open
from .writing import discard_waiting, edit, erase, post, release, remove, report

__all__ = [
    "DiscussionClosed",
    "ForAnother",
    "Forbidden",
    "NoSuchParent",
    "Overtaken",
    "Refused",
    "SubmissionTaken",
    "appeal",
    "ban",
    "decide",
    "discard_waiting",
    "edit",
    "erase",
    "has_another_moderator",
    "is_open",
    "is_trusted",
    "judge",
    "post",
    "refuse_if_banned",
    "refuse_unless_open",
    "release",
    "remove",
    "report",
    "resubmit",
    "who_may_not_decide",
]

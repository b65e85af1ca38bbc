"""The verbs of the discussion. Each is one transaction, through `change()`; what it cannot do it refuses in words for who asked."""

from .deciding import ban, decide
from .refusals import DiscussionClosed, Forbidden, NoSuchParent, Overtaken, Refused, SubmissionTaken
from .standing import is_open, is_trusted, judge, refuse_if_banned, refuse_unless_open
from .writing import discard_waiting, edit, erase, post, release, remove, report

__all__ = [
    "DiscussionClosed",
    "Forbidden",
    "NoSuchParent",
    "Overtaken",
    "Refused",
    "SubmissionTaken",
    "ban",
    "decide",
    "discard_waiting",
    "edit",
    "erase",
    "is_open",
    "is_trusted",
    "judge",
    "post",
    "refuse_if_banned",
    "refuse_unless_open",
    "release",
    "remove",
    "report",
]

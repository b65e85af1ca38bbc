"""Why something is not done, in words for the person who asked for it. Whoever catches one shows the text again."""

from django.utils.translation import gettext as _


class CommentError(Exception):
    status = 422


class DiscussionClosed(CommentError):
    def __init__(self, why: str = "") -> None:
        super().__init__(why or _("This discussion has closed. Your text is below, for you to copy."))


class CommentsClosed(DiscussionClosed):
    """Not by the article, but by a switch that will be open again."""

    def __init__(self) -> None:
        super().__init__(
            _("Comments are closed for now. Your text is below, for you to copy or to send again later.")
        )


class BlockedWords(CommentError):
    """The text has words that the moderators do not take."""

    def __init__(self) -> None:
        super().__init__(
            _("This text has words that are not taken here. Please put it in other words, and send it again.")
        )


class RateLimited(CommentError):
    """The author has posted enough for an hour."""

    status = 429


class ParentNotFound(CommentError):
    """The comment that was to be answered is not there, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The comment you are replying to is no longer there. You can post your text as a comment of its own."
            )
        )


class DuplicateSubmission(CommentError):
    """The form was sent before, with another text or by somebody else."""

    status = 409


class Forbidden(CommentError):
    status = 403


class CommentNotFound(CommentError):
    """The comment was there when it was looked at, and is no longer; or it is not theirs to change."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This comment is no longer there."))


class AccountDeleted(Forbidden):
    """The account was erased meanwhile, in another window or by a moderator."""

    def __init__(self) -> None:
        super().__init__(_("This account is no longer there. Your text is below, for you to copy."))


class StaleDecision(CommentError):
    """What the moderator saw is no longer how it stands."""

    status = 409


class Recused(StaleDecision):
    """Its author has appealed against what this moderator decided: another one decides."""


class ClaimedByOther(CommentError):
    """Another moderator is looking at the comment."""

    status = 409

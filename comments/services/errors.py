"""Why something is refused, in words for the person who asked for it.

The views show the error with the text they sent.
"""

from django.utils.translation import gettext as _


class CommentError(Exception):
    """Base of all refusals. `status` is the HTTP status of the response."""

    status = 422


class DiscussionClosed(CommentError):
    """The article takes no comments, or no longer."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("This discussion has closed. Your text is below, for you to copy."))


class CommentsClosed(DiscussionClosed):
    """An emergency switch is closed. It will be open again, so the text may be sent later."""

    def __init__(self) -> None:
        super().__init__(
            _("Comments are closed for now. Your text is below, for you to copy or to send again later.")
        )


class BlockedWords(CommentError):
    """The text has words from the blocklist that are refused."""

    def __init__(self) -> None:
        super().__init__(
            _("This text has words that are not taken here. Please put it in other words, and send it again.")
        )


class RateLimited(CommentError):
    """The author has posted as many comments as are allowed in an hour."""

    status = 429


class ParentNotFound(CommentError):
    """The comment that the reply is for does not exist or is not visible."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The comment you are replying to is no longer there. "
                "You can post your text as a comment of its own."
            )
        )


class DuplicateSubmission(CommentError):
    """The form was sent before, with another text or by another user."""

    status = 409


class OtherAccount(CommentError):
    """The form was made for another account, or before the log-in."""

    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(_("You are now logged in as %(name)s. Post this under this name?") % {"name": name})


class StaleEdit(CommentError):
    """The comment was changed after the form was opened, in another tab or on another device."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _(
                "This comment was changed after you had opened the form; what it says now is shown here. "
                "Save once more to replace it with your text."
            )
        )


class Forbidden(CommentError):
    """The user may not do this: banned, or without a verified address."""

    status = 403


class CommentNotFound(CommentError):
    """The comment does not exist any more, or belongs to another author."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This comment is no longer there."))


class AccountDeleted(Forbidden):
    """The account was erased meanwhile, in another window or by a moderator."""

    def __init__(self) -> None:
        super().__init__(_("This account is no longer there. Your text is below, for you to copy."))


class StaleDecision(CommentError):
    """The comment has changed since the moderator's page was loaded."""

    status = 409


class Recused(StaleDecision):
    """This moderator is party to the decision (author, or appealed against): another one has to decide."""


class ClaimedByOther(CommentError):
    """Another moderator has claimed the comment."""

    status = 409

"""Releasing the comments of an account when its address is verified, or discarding them."""

from accounts.models import User
from comments.models import Comment, CommentDraft, CommentQuerySet
from comments.policy import State
from ictiger.pagecache.public_write import public_write

from .screening import rescreen
from .transitions import lock_author, set_state


def release_comments(user: User) -> list[Comment]:
    """Screen all comments that waited for the address of `user`, which is verified now.

    All are released or none.

    Discussions are locked in the order of their keys.
    """
    with public_write() as write:
        lock_author(user)
        comments = list(
            _unverified(user).select_for_update(of=("self",)).select_related("article").order_by("pk")
        )
        for comment in sorted(comments, key=lambda comment: comment.discussion_id):
            set_state(comment, rescreen(comment, user))
            comment.save()
            if comment.state == State.VISIBLE:
                write.touch(comment)  # after saving: before, it showed on no page
    return comments


def discard_pending(user: User) -> None:
    """Delete the unverified comments and drafts of `user`, which the owner of the mailbox did not write."""
    with public_write():
        lock_author(user)
        _unverified(user).delete()
        CommentDraft.objects.filter(account=user).delete()


def _unverified(user: User) -> CommentQuerySet:
    """Comments that only their author has seen: they show on no page and have no replies."""
    return Comment.objects.filter(author=user, state=State.UNVERIFIED)

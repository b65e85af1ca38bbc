from accounts.models import User
from comments.models import Comment, CommentDraft, CommentQuerySet
from comments.policy import State
from ictiger.pagecache.public_write import public_write

from .screening import rescreen
from .transitions import lock_author, set_state


def release_comments(user: User) -> list[Comment]:
    """The address is confirmed: what waited for it enters the discussion, all of it or nothing."""
    with public_write() as write:
        lock_author(user)
        waiting = list(
            _unverified(user).select_for_update(of=("self",)).select_related("article").order_by("pk")
        )
        for comment in sorted(waiting, key=lambda comment: comment.discussion_id):
            set_state(comment, rescreen(comment, user))
            comment.save()
            if comment.state == State.VISIBLE:
                write.touch(comment)  # it was nowhere before
    return waiting


def discard_pending(user: User) -> None:
    """The mailbox's owner did not write what waited for it: it goes, seen by nobody."""
    with public_write():
        lock_author(user)
        _unverified(user).delete()
        CommentDraft.objects.filter(account=user).delete()


def _unverified(user: User) -> CommentQuerySet:
    """Nobody else has seen them: they show on no page, and nobody has answered them."""
    return Comment.objects.filter(author=user, state=State.UNVERIFIED)

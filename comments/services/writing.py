"""What readers do: post, edit, remove, report."""

import uuid
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import policy, words
from comments.models import Comment, Report, WaitingText
from comments.policy import Hold, Remover, State, Verdict
from ictiger.compiled import Compiled
from ictiger.delivery.change import change

from .refusals import Forbidden, NoSuchParent, Refused, SubmissionTaken
from .rows import enter, lock_writer, locked, move, own, write, writer_lock
from .standing import admit, is_trusted, refuse_if_banned, refuse_unless_article_is_open, what_is_known

# Every other comment of the writer was written before a new one, also what began in the same moment and was first at the lock.
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def post(
    *,
    user: User,
    article: Article,
    body: str,
    submission: uuid.UUID,
    parent_id: int | None = None,
    written_at: datetime | None = None,
) -> Comment:
    """Enter a comment, or a reply to comment `parent_id`. The same `submission` again is the same comment.

    `body` has been held against the limits by the form; `written_at` is now unless it comes from elsewhere. Raises Refused.
    """
    with change() as this:
        comment = Comment(article=article, discussion_id=article.translation_key, author=user, submission=submission)
        comment.created_at = written_at or timezone.now()
        write(comment, body)
        known = what_is_known(comment, user, until=written_at or _LAST, ahead=writer_lock(user))
        sent = Comment.objects.filter(submission=submission).first() if known.sent_before else None
        if sent is not None:  # else it went since it was asked about
            return _same(sent, user, body)
        if known.banned:
            refuse_if_banned(user)
        refuse_unless_article_is_open(article)
        if parent_id is not None:
            comment.answers = _answered(article, parent_id)
            comment.parent = comment.answers.parent or comment.answers
        if known.waits:
            WaitingText.objects.filter(submission=submission).delete()
        this.touch(comment)
        enter(comment, admit(comment, user, known))  # last: whoever else posts here waits from now on
        comment.insert()
    return comment


def edit(*, user: User, comment_id: int, body: str) -> Comment:
    """Change one's own comment while that may be done; what it says now is judged again. Raises Refused."""
    with change() as this:
        lock_writer(user)
        comment = own(this, user, comment_id)
        refuse_if_banned(user)
        if not comment.may_be_edited:
            raise Refused(_why_not_edited(comment))
        if words.clean(body) == comment.body:
            return comment
        write(comment, body)
        comment.revision += 1
        comment.edited_at = timezone.now()
        comment.approved = False
        move(comment, admit(comment, user))
        comment.save()
    return comment


def _why_not_edited(comment: Comment) -> str:
    if policy.may_edit(comment.state, comment.reason, comment.created_at, now=comment.created_at):
        return _("The time for changing this comment is over. It stands as it was; your new text is below, for you to copy.")
    about = _("This comment is now “%(state)s”. What can be done is shown among your comments; your new text is below, for you to copy.")
    return about % {"state": comment.get_state_display()}


def remove(*, user: User, comment_id: int) -> Comment:
    """Take one's own comment out of the discussion; done once it is done."""
    with change() as this:
        comment = own(this, user, comment_id)
        if comment.may_be_removed:
            move(comment, Verdict(State.REMOVED, Remover.AUTHOR))
            comment.save()
    return comment


def report(*, user: User, comment_id: int, reason: str, note: str = "") -> Report:
    """Tell the moderators about somebody else's comment, once. Enough trusted reports hold it, unless a moderator has approved it."""
    if not user.is_verified:
        raise Forbidden(_("Please confirm your e-mail address first: only confirmed readers can report a comment."))
    with change() as this:
        comment = locked(this, comment_id)
        if comment.author_id == user.pk:
            raise Refused(_("This is your own comment: you can remove it instead."))
        if comment.state != State.VISIBLE:
            raise Refused(_("This comment is no longer shown."))
        made, _new = Report.objects.get_or_create(
            comment=comment, reporter=user, defaults={"reason": reason, "note": words.clean(note), "counts": is_trusted(user)}
        )
        if not comment.approved and _reports_that_count(comment) >= policy.REPORTS_THAT_HOLD:
            move(comment, Verdict(State.PENDING, Hold.REPORTED))
            comment.save()
    return made


def _reports_that_count(comment: Comment) -> int:
    """By trusted readers, about the text as it stands: what was said before a moderator approved another is settled."""
    approved_at = comment.decisions.filter(to_state=State.VISIBLE).values_list("decided_at", flat=True).first()
    reports = comment.reports.filter(counts=True)
    return (reports.filter(created_at__gt=approved_at) if approved_at else reports).count()


def _same(known: Comment, user: User, body: str) -> Comment:
    """A repeated POST is the same comment; another text under the same submission is not, and must not be lost."""
    if known.author_id != user.pk or (known.body != words.clean(body) and not known.revision):
        raise SubmissionTaken(_("This form has been sent before, with another text. Send it again to post this text as well."))
    return known


_visible_below = Compiled(
    lambda pk, discussion: (
        Comment.objects.visible()
        .select_related("parent", "author")
        .order_by()
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=pk, discussion_id=discussion)
    ),
    planned=True,
)


def _answered(article: Article, parent_id: int) -> Comment:
    """The visible comment that is answered, held as it is until the reply stands below it."""
    answered = _visible_below.row(pk=parent_id, discussion=article.translation_key)
    if answered is None:
        raise NoSuchParent
    return answered

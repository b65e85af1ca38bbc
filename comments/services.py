"""The verbs of the discussion. Each is one transaction, through `change()`; what it cannot do it refuses in words for the person who asked.

Rows are locked in one order everywhere (the writer, all the comments, the discussion), so that no two verbs wait for each other.
"""

import uuid
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from ictiger.delivery.change import Change, change
from ictiger.languages import Language

from . import markup, notices, policy, words
from .models import Ban, Comment, Decision, Discussion, Report, WaitingText
from .policy import MOVES, Facts, Hold, Remover, State, Verb, Verdict


class Refused(Exception):
    """Why something was not done, in words for who asked for it. Whoever catches it shows the text again."""

    status = 422


class DiscussionClosed(Refused):
    pass


class NoSuchParent(Refused):
    """The comment that was to be answered is not there, or no longer."""

    def __init__(self) -> None:
        super().__init__(_("The comment you are answering is no longer there. You can post your text as a comment of its own."))


class SubmissionTaken(Refused):
    """The form was sent before, with another text or by somebody else."""

    status = 409


class Forbidden(Refused):
    status = 403


class Overtaken(Refused):
    """What the moderator saw is no longer how it stands."""

    status = 409


# --- writing -------------------------------------------------------------------------------------------------------------------------


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
        _lock(user)
        known = Comment.objects.filter(submission=submission).first()
        if known is not None:
            return _same(known, user, body)
        refuse_if_banned(user)
        refuse_unless_open(article)
        answers = _answered(article, parent_id)
        comment = Comment(
            article=article,
            discussion=_discussion_of(article),
            author=user,
            parent=answers and (answers.parent or answers),
            answers=answers,
            submission=submission,
            created_at=written_at or timezone.now(),
        )
        _write(comment, body)
        _move(comment, judge(comment, user))
        comment.save()
        this.touch(comment)
        WaitingText.objects.filter(submission=submission).delete()
    return comment


def edit(*, user: User, comment_id: int, body: str) -> Comment:
    """Change one's own comment while that may be done; what it says now is judged again. Raises Refused."""
    with change() as this:
        _lock(user)
        comment = _own(this, user, comment_id)
        refuse_if_banned(user)
        if not comment.may_be_edited:
            raise Refused(_("The time for changing this comment is over. It stands as it was; your new text is below, for you to copy."))
        if words.clean(body) == comment.body:
            return comment
        _write(comment, body)
        comment.revision += 1
        comment.edited_at = timezone.now()
        comment.approved = False
        _move(comment, judge(comment, user))
        comment.save()
    return comment


def remove(*, user: User, comment_id: int) -> Comment:
    """Take one's own comment out of the discussion; done once it is done."""
    with change() as this:
        comment = _own(this, user, comment_id)
        if comment.may_be_removed:
            _move(comment, Verdict(State.REMOVED, Remover.AUTHOR))
            comment.save()
    return comment


def report(*, user: User, comment_id: int, reason: str, note: str = "") -> Report:
    """Tell the moderators about somebody else's comment, once. Enough trusted reports hold it, unless a moderator has approved it."""
    if not user.is_verified:
        raise Forbidden(_("Please confirm your e-mail address first: only confirmed readers can report a comment."))
    with change() as this:
        comment = _locked(this, comment_id)
        if comment.author_id == user.pk:
            raise Refused(_("This is your own comment: you can remove it instead."))
        if comment.state != State.VISIBLE:
            raise Refused(_("This comment is no longer shown."))
        made, _new = Report.objects.get_or_create(
            comment=comment, reporter=user, defaults={"reason": reason, "note": words.clean(note), "counts": is_trusted(user)}
        )
        if not comment.approved and comment.reports.filter(counts=True).count() >= policy.REPORTS_THAT_HOLD:
            _move(comment, Verdict(State.PENDING, Hold.REPORTED))
            comment.save()
    return made


def release(user: User) -> list[Comment]:
    """The address is confirmed: what waited for it enters the discussion, all of it or nothing."""
    with change() as this:
        _lock(user)
        waiting = [_locked(this, pk) for pk in _ids(Comment.objects.filter(author=user, state=State.UNVERIFIED))]
        released = [comment for comment in waiting if comment.state == State.UNVERIFIED]
        for comment in released:
            _move(comment, judge(comment, user))
            comment.save()
    return released


def discard_waiting(user: User) -> None:
    """The mailbox's owner did not write what waited for it: it goes, seen by nobody."""
    with change() as this:
        _lock(user)
        waiting = [_locked(this, pk) for pk in _ids(Comment.objects.filter(author=user, state=State.UNVERIFIED))]
        for comment in waiting:
            comment.delete()


def erase(user: User) -> None:
    """The person leaves, and so do their words. A comment with replies below it leaves its place, without name or text."""
    with change() as this:
        _lock(user)
        written = [_locked(this, pk) for pk in _ids(Comment.objects.filter(author=user))]
        for comment in reversed(written):  # replies before what they answer
            _move(comment, Verdict(State.REMOVED, Remover.ERASURE))
            if comment.replies.exists():
                comment.decisions.update(body="", note="")
                comment.author, comment.body, comment.body_html, comment.note = None, "", "", ""
                comment.save()
            else:
                comment.delete()


# --- deciding ------------------------------------------------------------------------------------------------------------------------


def decide(*, moderator: User, comment_id: int, verb: str, reason: str = "", note: str = "", seen: str | None = None) -> Decision:
    """Approve, reject, remove or undo, once: the row is locked, and `seen` (Comment.seen) says what the moderator looked at.

    The author is told the preset `reason` (a Rejection) and, where that is not enough, the moderator's own `note`.
    Raises Overtaken when somebody else was first or the author has changed the text since.
    """
    with change() as this:
        comment = _locked(this, comment_id)
        verdict = _verdict(comment, verb, reason)
        if verdict is None or seen not in (None, comment.seen):
            raise Overtaken(_what_happened(comment, seen))
        decision = Decision.objects.create(
            comment=comment,
            moderator=moderator,
            verb=verb,
            from_state=comment.state,
            from_reason=comment.reason,
            to_state=verdict.state,
            reason=reason,
            note=note,
            body=comment.body,
        )
        comment.approved = verdict.state == State.VISIBLE
        comment.note = note
        _move(comment, verdict)
        comment.save()
    return decision


def ban(*, user: User, why: str, days: int) -> Ban:
    """Keep somebody from commenting for a while. What they wrote before stays as it is."""
    return Ban.objects.create(user=user, why=why, until=timezone.now() + timedelta(days=days))


def _verdict(comment: Comment, verb: str, reason: str) -> Verdict | None:
    """Where the decision leads from the state the comment is in; None when it cannot be taken there."""
    if verb == Verb.UNDO:
        return _before(comment)
    to_state = MOVES[verb].get(comment.state)
    if to_state is None:
        return None
    return Verdict(to_state, {State.VISIBLE: "", State.REJECTED: reason, State.REMOVED: reason or Remover.MODERATOR}[to_state])


def _before(comment: Comment) -> Verdict | None:
    """Where the last decision came from, while it is still what holds."""
    last = comment.decisions.first()
    holds = last is not None and last.verb != Verb.UNDO and last.to_state == comment.state
    if not holds or comment.state not in policy.UNDOABLE or comment.reason in (Remover.AUTHOR, Remover.ERASURE):
        return None
    return Verdict(last.from_state, Hold.UNDONE if last.from_state == State.PENDING else last.from_reason)


def _what_happened(comment: Comment, seen: str | None) -> str:
    """Who was first, for the moderator who comes second."""
    last = comment.decisions.select_related("moderator").first()
    if last is not None and last.to_state == comment.state:
        who = last.moderator.public_name if last.moderator else _("A former moderator")
        at = formats.date_format(timezone.localtime(last.decided_at), "DATETIME_FORMAT")
        return _("%(who)s has already decided about this comment: %(what)s, %(when)s.") % {"who": who, "what": last, "when": at}
    if seen is not None and not seen.endswith(f".{comment.revision}"):
        return _("Its author has changed this comment since you looked at it. Please read it again.")
    return _("This comment is now “%(state)s”, so that cannot be done.") % {"state": comment.get_state_display()}


# --- what the verbs share ------------------------------------------------------------------------------------------------------------


def judge(comment: Comment, user: User) -> Verdict:
    """Ask the policy about the comment as it reads now, by what its author has written before."""
    others = Comment.objects.filter(author=user).exclude(pk=comment.pk)
    repeated = others.exclude(state=State.REMOVED).filter(discussion_id=comment.discussion_id, body=comment.body)
    facts = Facts(
        verified=user.is_verified,
        approved_before=others.filter(approved=True).exists(),
        rejected_lately=_rejected_lately(user),
        duplicate=repeated.exists(),
        links=len(markup.links_in(comment.body)),
    )
    return policy.judge(facts)


def is_trusted(user: User) -> bool:
    """An earlier comment was approved, and none was turned down lately."""
    return Comment.objects.filter(author=user, approved=True).exists() and not _rejected_lately(user)


def is_open(article: Article) -> bool:
    """Whether the discussion takes comments under this article now."""
    closed = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not closed


def refuse_unless_open(article: Article) -> None:
    if not is_open(article):
        raise DiscussionClosed(_("This discussion has closed. Your text is below, for you to copy."))


def refuse_if_banned(user: User) -> None:
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if None in ends:
        raise Forbidden(_("You can no longer comment here. Your text is below, for you to copy."))
    if ends:
        until = formats.date_format(timezone.localtime(max(ends)), "DATETIME_FORMAT")
        raise Forbidden(_("You cannot comment until %(until)s. Your text is below, for you to copy.") % {"until": until})


def _rejected_lately(user: User) -> bool:
    since = timezone.now() - policy.REJECTION_COUNTS_FOR
    turned_down = Comment.objects.filter(author=user, state__in=[State.REJECTED, State.REMOVED]).exclude(reason=Remover.AUTHOR)
    return turned_down.filter(decisions__decided_at__gt=since).exists()


def _lock(user: User) -> None:
    """One writer does one thing at a time: the rules look at what they wrote before. Weak enough for rows that refer to the user."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)


def _locked(this: Change, comment_id: int) -> Comment:
    """The comment as it stands now, nobody else writing it. Raises Comment.DoesNotExist."""
    comment = Comment.objects.get(pk=comment_id)
    this.touch(comment)
    comment.refresh_from_db()
    return comment


def _own(this: Change, user: User, comment_id: int) -> Comment:
    comment = _locked(this, comment_id)
    if comment.author_id != user.pk:
        raise Comment.DoesNotExist
    return comment


def _ids(comments) -> list[int]:
    return list(comments.order_by("pk").values_list("pk", flat=True))


def _same(known: Comment, user: User, body: str) -> Comment:
    """A repeated POST is the same comment; another text under the same submission is not, and must not be lost."""
    if known.author_id != user.pk or (known.body != words.clean(body) and not known.revision):
        raise SubmissionTaken(_("This form has been sent before, with another text. Send it again to post this text as well."))
    return known


def _answered(article: Article, parent_id: int | None) -> Comment | None:
    """The visible comment that is answered, held as it is until the reply stands below it."""
    if parent_id is None:
        return None
    answered = Comment.objects.below(article).visible().filter(pk=parent_id).select_for_update(no_key=True).first()
    if answered is None:
        raise NoSuchParent
    return answered


def _discussion_of(article: Article) -> Discussion:
    discussion, _new = Discussion.objects.get_or_create(pk=article.translation_key)
    return discussion


def _write(comment: Comment, body: str) -> None:
    """Put the text in, with everything that is made from it once, so that no page has to."""
    comment.body = words.clean(body)
    comment.body_html = markup.to_html(comment.body)
    comment.words = words.count_words(comment.body)
    comment.language = words.language_of(comment.body, otherwise=comment.article.language)
    comment.created_en, comment.created_zh = (_in_words(comment.created_at, language) for language in (Language.EN, Language.ZH_HANS))


def _in_words(moment: datetime, language: str) -> str:
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _move(comment: Comment, verdict: Verdict) -> None:
    """Change the state: the one place that numbers threads and counts comments, under the lock of the discussion's row."""
    was, comment.state, comment.reason = comment.state, verdict.state, verdict.rule or ""
    if (was == State.VISIBLE) == (comment.state == State.VISIBLE):
        return
    discussion = Discussion.objects.select_for_update(no_key=True).get(pk=comment.discussion_id)
    if comment.state == State.VISIBLE:
        discussion.comments += 1
        if comment.shown_at is None:
            comment.shown_at = timezone.now()
            notices.announce(comment)
        if comment.parent_id is None and comment.thread_no is None:
            discussion.threads += 1
            comment.thread_no = discussion.threads
    else:
        discussion.comments -= 1
    discussion.save(update_fields=["threads", "comments"])

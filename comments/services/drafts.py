"""Drafts of anonymous visitors: saving them, and moving them between a browser and an account."""

import uuid

from allauth.core.internal.ratelimit import consume
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments.drafts import DRAFT_LIFETIME, draft_token
from comments.models import Comment, CommentDraft
from comments.submissions import text_digest
from comments.text import word_count

from .errors import CommentError, ParentNotFound
from .screening import require_open

MAX_DRAFTS = 20  # under one cookie
RATE_LIMITS = {"waiting_text": "30/h/ip"}  # the only bound for a client that keeps no cookie


class TooManyDrafts(CommentError):
    """One browser has too many drafts, or one network address has sent too many."""

    status = 429


def attach_to_user(request: HttpRequest, user: User) -> None:
    """At log-in: give the drafts of this browser to `user`, so that they show wherever `user` logs in.

    Not before the address is verified: until then the account may turn out to be another person's, and the
    drafts stay with the browser. A browser without the cookie gets one if the account has drafts.
    """
    token = draft_token(request)
    if token and user.is_verified:
        CommentDraft.objects.filter(token=token, account=None).update(account=user)
    elif not token and user.comment_drafts.exists():
        request.waiting_cookie = uuid.uuid4()  # type: ignore[attr-defined]


def detach_from_browser(request: HttpRequest, user: User | None) -> None:
    """At log-out: leave no drafts to the next user of this computer.

    The cookie goes, and its token leads to no draft. Drafts without an account are given to `user`. Drafts of
    other accounts that used this browser stay theirs.
    """
    token = draft_token(request)
    if token:
        CommentDraft.objects.filter(token=token, account=None).update(account=user)
        CommentDraft.objects.filter(token=token).update(token=uuid.uuid4())
        request.waiting_cookie = None  # type: ignore[attr-defined]


def check_rate_limit(request: HttpRequest) -> None:
    """Count this request.

    Raises TooManyDrafts when its network address has sent too many drafts within the hour.
    """
    if not consume(request, app="comments", action="waiting_text", config=RATE_LIMITS):
        raise TooManyDrafts(
            _(
                "Many texts were sent from here within the hour. "
                "Log in or sign up to post yours; it stays in the box."
            )
        )


def save_draft(
    *,
    token: uuid.UUID,
    article: Article,
    parent_id: int | None,
    body: str,
    submission: uuid.UUID,
    shown_draft: str | None = None,
    account_id: int | None = None,
) -> CommentDraft:
    """Save the text of an anonymous visitor. The same submission again replaces the text.

    `shown_draft` is the digest of the text that the form showed: a stored text that it did not show, saved
    from another tab, is not replaced. `account_id` is the account that was logged in when the form was
    opened: the draft waits for it if its address is verified. Raises CommentError.
    """
    require_open(article)
    others = CommentDraft.objects.filter(token=token).exclude(submission=submission)
    if others.count() >= MAX_DRAFTS:
        raise TooManyDrafts(
            _(
                "Many of your comments are waiting already. "
                "Log in or sign up to post them; this one stays in the box."
            )
        )
    with transaction.atomic():
        if parent_id is not None:
            _lock_parent(article, parent_id)
        fields = {"article": article, "parent_id": parent_id, "body": word_count.clean_text(body)}
        verified = User.objects.filter(pk=account_id, emailaddress__verified=True)
        if account_id is not None and verified.exists():
            fields["account_id"] = account_id
        return _update_or_create(token, submission, fields, shown_draft)


def _lock_parent(article: Article, parent_id: int) -> None:
    """Keep the parent comment from being deleted before the draft is committed. Raises ParentNotFound."""
    parent = Comment.objects.in_discussion_of(article).visible().filter(pk=parent_id).order_by()
    if parent.select_for_update(no_key=True).values_list("pk").first() is None:
        raise ParentNotFound


def _update_or_create(
    token: uuid.UUID, submission: uuid.UUID, fields: dict, shown_draft: str | None
) -> CommentDraft:
    """Update the draft of this form in this browser or create it, also when the form arrives twice at once.

    Under another cookie the same submission is another draft, so that nobody overwrites a draft of somebody
    else. It is saved under a new submission: after a double click in a browser without a cookie, each
    response sets a cookie that leads to the text.
    """
    drafts = CommentDraft.objects.filter(token=token, submission=submission)
    updates = fields | {
        "created_at": timezone.now()
    }  # lives as long as the cookie, which the response renews
    try:
        with transaction.atomic():
            draft = drafts.select_for_update().first()
            if draft is None:
                return CommentDraft.objects.create(token=token, submission=submission, **fields)
    except IntegrityError:  # the same form came at the same time, or under another cookie
        draft = drafts.select_for_update().first()
    if draft is None or not _may_replace(draft, fields["body"], shown_draft):
        return CommentDraft.objects.create(token=token, submission=uuid.uuid4(), **fields)
    drafts.update(**updates)
    return drafts.get()


def _may_replace(draft: CommentDraft, body: str, shown_draft: str | None) -> bool:
    """Whether the form showed the stored text, or repeats it. None is a form of release 1.0.0."""
    return draft.body == body or shown_draft in (None, text_digest(draft.submission, draft.body))


def purge_drafts() -> int:
    """Delete drafts older than DRAFT_LIFETIME. Returns how many."""
    count, _by_model = CommentDraft.objects.filter(created_at__lte=timezone.now() - DRAFT_LIFETIME).delete()
    return count

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
from comments.text import word_count

from . import CommentError, ParentNotFound, require_open

MAX_DRAFTS = 20  # texts under one cookie


CLIENT_LIMIT = {"waiting_text": "30/h/ip"}  # whoever keeps no cookie has no other bound


class TooManyDrafts(CommentError):
    status = 429


def attach_to_user(request: HttpRequest, user: User) -> None:
    """`user` logs in where texts wait: from now on these wait under the account, in whichever browser it logs in.

    Not before a mailbox is proven: until then the account may turn out to be another's, and the text stays with this browser.
    """
    token = draft_token(request)
    if token and user.is_verified:
        CommentDraft.objects.filter(token=token, account=None).update(account=user)
    elif not token and user.comment_drafts.exists():
        request.waiting_cookie = uuid.uuid4()


def detach_from_browser(request: HttpRequest, user: User | None) -> None:
    """Whoever logs out leaves nothing behind for the next one at this computer: the cookie leads to nothing any more.

    What waited goes with the account. What is another's who used this browser before stays that one's.
    """
    token = draft_token(request)
    if token:
        CommentDraft.objects.filter(token=token, account=None).update(account=user)
        CommentDraft.objects.filter(token=token).update(token=uuid.uuid4())
        request.waiting_cookie = None


def check_rate_limit(request: HttpRequest) -> None:
    """Raise TooManyWaiting when one network address has sent many texts within the hour."""
    if not consume(request, app="comments", action="waiting_text", config=CLIENT_LIMIT):
        raise TooManyDrafts(
            _(
                "Many texts were sent from here within the hour. Log in or sign up to post yours; it stays in the box."
            )
        )


def save_draft(
    *, token: uuid.UUID, article: Article, parent_id: int | None, body: str, submission: uuid.UUID
) -> CommentDraft:
    """Keep the text of a stranger; the same submission again replaces what it said. Raises Refused."""
    require_open(article)
    mine = CommentDraft.objects.filter(token=token)
    if mine.exclude(submission=submission).count() >= MAX_DRAFTS:
        raise TooManyDrafts(
            _(
                "Many of your comments are waiting already. Log in or sign up to post them; this one stays in the box."
            )
        )
    with transaction.atomic():
        if parent_id is not None:
            _lock_parent(article, parent_id)
        return _upsert(
            token,
            submission,
            {"article": article, "parent_id": parent_id, "body": word_count.clean_text(body)},
        )


def _lock_parent(article: Article, parent_id: int) -> None:
    """Keep what is answered from going before the text stands. Raises NoSuchParent."""
    answered = Comment.objects.in_discussion_of(article).visible().filter(pk=parent_id).order_by()
    if answered.select_for_update(no_key=True).values_list("pk").first() is None:
        raise ParentNotFound


def _upsert(token: uuid.UUID, submission: uuid.UUID, said: dict) -> CommentDraft:
    """The row of this form in this browser, also when the form arrives twice at once.

    Under another cookie the same submission is another text: nobody takes over one of somebody else's, and of a double click in a browser
    without a cookie yet each answer brings a cookie that leads to the text.
    """
    mine = CommentDraft.objects.filter(token=token, submission=submission)
    again = said | {
        "created_at": timezone.now()
    }  # it waits as long as the cookie, which the answer brings anew
    if mine.update(**again):
        return mine.get()
    try:
        with transaction.atomic():
            return CommentDraft.objects.create(token=token, submission=submission, **said)
    except IntegrityError:
        if mine.update(**again):
            return mine.get()
        return CommentDraft.objects.create(token=token, submission=uuid.uuid4(), **said)


def purge_drafts() -> int:
    """Forget texts that nobody came back for. Returns their number."""
    number, _by_model = CommentDraft.objects.filter(created_at__lte=timezone.now() - DRAFT_LIFETIME).delete()
    return number

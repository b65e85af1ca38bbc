"""What strangers write: kept on the server under a cookie of its own until they have signed up or logged in."""

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from allauth.core.internal.ratelimit import consume
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import LONG_TEXTS, Article

from . import words
from .models import Comment, WaitingText
from .services import NoSuchParent, Refused, refuse_unless_open

COOKIE = "waiting"
KEPT_FOR = timedelta(days=14)
MOST = 20  # texts under one cookie
FROM_ONE_CLIENT = {"waiting_text": "30/h/ip"}  # whoever keeps no cookie has no other bound


class TooManyWaiting(Refused):
    status = 429


def token_of(request: HttpRequest) -> uuid.UUID | None:
    """The cookie's value; None without one, or with one that is not ours."""
    try:
        return uuid.UUID(request.COOKIES.get(COOKIE, ""))
    except ValueError:
        return None


def texts_of(request: HttpRequest) -> QuerySet[WaitingText]:
    """What waits for whoever asks, oldest first: in this browser, and under their account. What is another account's is not theirs."""
    token, user = token_of(request), request.user
    found = Q(token=token) if token else Q(pk=None)
    if user.is_authenticated:
        found &= Q(account=None) | Q(account=user)
        if not user.waiting_is_doubted:  # else its owner is first to say whether it is theirs
            found |= Q(account=user)
    kept = WaitingText.objects.filter(found, created_at__gt=timezone.now() - KEPT_FOR).order_by("pk")
    return kept.select_related("article").defer(*(f"article__{name}" for name in LONG_TEXTS))


def texts_under(token, account, since) -> QuerySet[WaitingText]:
    """What `texts_of` finds for an account of which nothing is doubted, in a browser with the cookie; to be put together once."""
    return WaitingText.objects.filter(Q(token=token, account=None) | Q(account=account), created_at__gt=since)


def in_this_browser(request: HttpRequest, article_id: int) -> Iterable[WaitingText]:
    """What waits in the discussion of a public article, without asking the database for a browser that carries no cookie: every page view
    of an article asks.
    """
    if not token_of(request):
        return []
    here = Article.objects.public().filter(pk=article_id).values("translation_key")
    return texts_of(request).filter(article__translation_key=Subquery(here))


def claim(request: HttpRequest, user: User) -> None:
    """`user` logs in where texts wait: from now on these wait under the account, in whichever browser it logs in.

    Not before a mailbox is proven: until then the account may turn out to be another's, and the text stays with this browser.
    """
    token = token_of(request)
    if token and user.is_verified:
        WaitingText.objects.filter(token=token, account=None).update(account=user)
    elif not token and user.waiting_texts.exists():
        request.waiting_cookie = uuid.uuid4()


def leave(request: HttpRequest, user: User | None) -> None:
    """Whoever logs out leaves nothing behind for the next one at this computer: the cookie leads to nothing any more.

    What waited goes with the account. What is another's who used this browser before stays that one's.
    """
    token = token_of(request)
    if token:
        WaitingText.objects.filter(token=token, account=None).update(account=user)
        WaitingText.objects.filter(token=token).update(token=uuid.uuid4())
        request.waiting_cookie = None


def refuse_flood(request: HttpRequest) -> None:
    """Raise TooManyWaiting when one network address has sent many texts within the hour."""
    if not consume(request, app="comments", action="waiting_text", config=FROM_ONE_CLIENT):
        raise TooManyWaiting(_("Many texts were sent from here within the hour. Log in or sign up to post yours; it stays in the box."))


def keep(*, token: uuid.UUID, article: Article, parent_id: int | None, body: str, submission: uuid.UUID) -> WaitingText:
    """Keep the text of a stranger; the same submission again replaces what it said. Raises Refused."""
    refuse_unless_open(article)
    mine = WaitingText.objects.filter(token=token)
    if mine.exclude(submission=submission).count() >= MOST:
        raise TooManyWaiting(_("Many of your comments are waiting already. Log in or sign up to post them; this one stays in the box."))
    with transaction.atomic():
        if parent_id is not None:
            _hold(article, parent_id)
        return _stored(token, submission, {"article": article, "parent_id": parent_id, "body": words.clean(body)})


def _hold(article: Article, parent_id: int) -> None:
    """Keep what is answered from going before the text stands. Raises NoSuchParent."""
    answered = Comment.objects.below(article).visible().filter(pk=parent_id).order_by()
    if answered.select_for_update(no_key=True).values_list("pk").first() is None:
        raise NoSuchParent


def _stored(token: uuid.UUID, submission: uuid.UUID, said: dict) -> WaitingText:
    """The row of this form in this browser, also when the form arrives twice at once.

    Under another cookie the same submission is another text: nobody takes over one of somebody else's, and of a double click in a browser
    without a cookie yet each answer brings a cookie that leads to the text.
    """
    mine = WaitingText.objects.filter(token=token, submission=submission)
    again = said | {"created_at": timezone.now()}  # it waits as long as the cookie, which the answer brings anew
    if mine.update(**again):
        return mine.get()
    try:
        with transaction.atomic():
            return WaitingText.objects.create(token=token, submission=submission, **said)
    except IntegrityError:
        if mine.update(**again):
            return mine.get()
        return WaitingText.objects.create(token=token, submission=uuid.uuid4(), **said)


def set_cookie(response: HttpResponse, token: uuid.UUID) -> None:
    response.set_cookie(COOKIE, str(token), max_age=KEPT_FOR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


class WaitingCookieMiddleware:
    """Give the cookie with the answer to a log-in, and take it away with the answer to a log-out, as `claim` and `leave` have found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if hasattr(request, "waiting_cookie"):
            if request.waiting_cookie:
                set_cookie(response, request.waiting_cookie)
            else:
                response.delete_cookie(COOKIE, samesite="Lax")
        return response


def purge() -> int:
    """Forget texts that nobody came back for. Returns their number."""
    number, _by_model = WaitingText.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()
    return number

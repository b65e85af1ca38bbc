"""What strangers write: kept on the server under a cookie of its own until they have signed up or logged in."""

import uuid
from datetime import timedelta

from allauth.core.internal.ratelimit import consume
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article

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
    """What waits in this browser, oldest first."""
    token = token_of(request)
    texts = WaitingText.objects.filter(token=token, created_at__gt=timezone.now() - KEPT_FOR) if token else WaitingText.objects.none()
    return texts.select_related("article").order_by("pk")


def refuse_flood(request: HttpRequest) -> None:
    """Raise TooManyWaiting when one network address has sent many texts within the hour."""
    if not consume(request, app="comments", action="waiting_text", config=FROM_ONE_CLIENT):
        raise TooManyWaiting(_("Many texts were sent from here within the hour. Log in or sign up to post yours; it stays in the box."))


def keep(*, token: uuid.UUID, article: Article, parent_id: int | None, body: str, submission: uuid.UUID) -> WaitingText:
    """Keep the text of a stranger; the same submission again replaces what it said. Raises Refused."""
    refuse_unless_open(article)
    if parent_id is not None and not Comment.objects.below(article).visible().filter(pk=parent_id).exists():
        raise NoSuchParent
    mine = WaitingText.objects.filter(token=token)
    if mine.exclude(submission=submission).count() >= MOST:
        raise TooManyWaiting(_("Many of your comments are waiting already. Log in or sign up to post them; this one stays in the box."))
    if WaitingText.objects.filter(submission=submission).exclude(token=token).exists():
        submission = uuid.uuid4()
    text, _new = WaitingText.objects.update_or_create(
        submission=submission, defaults={"token": token, "article": article, "parent_id": parent_id, "body": words.clean(body)}
    )
    return text


def set_cookie(response: HttpResponse, token: uuid.UUID) -> None:
    response.set_cookie(COOKIE, str(token), max_age=KEPT_FOR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def purge() -> int:
    """Forget texts that nobody came back for. Returns their number."""
    number, _by_model = WaitingText.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()
    return number

"""What strangers write: kept on the server under a cookie of its own until they have signed up or logged in."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from articles.models import LONG_TEXTS, Article

from .models import CommentDraft

DRAFT_COOKIE = "waiting"
DRAFT_LIFETIME = timedelta(days=14)


def draft_token(request: HttpRequest) -> uuid.UUID | None:
    """The cookie's value; None without one, or with one that is not ours."""
    try:
        return uuid.UUID(request.COOKIES.get(DRAFT_COOKIE, ""))
    except ValueError:
        return None


def drafts_for(request: HttpRequest) -> QuerySet[CommentDraft]:
    """What waits for whoever asks, oldest first: in this browser, and under their account. What is another account's is not theirs."""
    token, user = draft_token(request), request.user
    found = Q(token=token) if token else Q(pk=None)
    if user.is_authenticated:
        found &= Q(account=None) | Q(account=user)
        if not user.pending_content_unconfirmed:  # else its owner is first to say whether it is theirs
            found |= Q(account=user)
    kept = CommentDraft.objects.filter(found, created_at__gt=timezone.now() - DRAFT_LIFETIME).order_by("pk")
    return kept.select_related("article").defer(*(f"article__{name}" for name in LONG_TEXTS))


def drafts_of_account(token, account, since) -> QuerySet[CommentDraft]:
    """What `texts_of` finds for an account of which nothing is doubted, in a browser with the cookie; to be put together once."""
    return CommentDraft.objects.filter(
        Q(token=token, account=None) | Q(account=account), created_at__gt=since
    )


def drafts_in_browser(request: HttpRequest, article_id: int) -> Iterable[CommentDraft]:
    """What waits in the discussion of a public article, without asking the database for a browser that carries no cookie: every page view
    of an article asks.
    """
    if not draft_token(request):
        return []
    here = Article.objects.public().filter(pk=article_id).values("translation_key")
    return drafts_for(request).filter(article__translation_key=Subquery(here))


def set_draft_cookie(response: HttpResponse, token: uuid.UUID) -> None:
    response.set_cookie(
        DRAFT_COOKIE,
        str(token),
        max_age=DRAFT_LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )

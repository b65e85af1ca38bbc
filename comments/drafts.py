"""Drafts: comments that anonymous visitors write before they have signed up or logged in.

A cookie in the browser leads to its drafts. What happens to drafts on log-in and log-out is in
services/drafts.py.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from articles.models import LONG_TEXTS, Article

from .models import CommentDraft

DRAFT_COOKIE = "waiting"
DRAFT_LIFETIME = timedelta(days=14)  # of drafts and of the cookie


def draft_token(request: HttpRequest) -> uuid.UUID | None:
    """The value of the draft cookie; None if there is none or it is not a UUID."""
    try:
        return uuid.UUID(request.COOKIES.get(DRAFT_COOKIE, ""))
    except ValueError:
        return None


def set_draft_cookie(response: HttpResponse, token: uuid.UUID) -> None:
    response.set_cookie(
        DRAFT_COOKIE,
        str(token),
        max_age=DRAFT_LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def drafts_for(request: HttpRequest) -> QuerySet[CommentDraft]:
    """The drafts of this browser and of its user, oldest first.

    Drafts of other accounts in this browser are left out.
    """
    token, user = draft_token(request), request.user
    condition = Q(token=token) if token else Q(pk=None)
    if user.is_authenticated:
        condition &= Q(account=None) | Q(account=user)
        # Until the owner of the address has said whether the content of the account is theirs.
        if not user.pending_content_unconfirmed:
            condition |= Q(account=user)
    since = timezone.now() - DRAFT_LIFETIME
    drafts = CommentDraft.objects.filter(condition, created_at__gt=since).order_by("pk")
    return drafts.select_related("article").defer(*(f"article__{name}" for name in LONG_TEXTS))


def drafts_of_account(token: uuid.UUID, account: int, since: datetime) -> QuerySet[CommentDraft]:
    """What `drafts_for` selects for an account with no unconfirmed content, in a browser with the cookie.

    Built from these values alone, so that a PreparedQuery can contain it.
    """
    return CommentDraft.objects.filter(
        Q(token=token, account=None) | Q(account=account), created_at__gt=since
    )


def drafts_in_browser(request: HttpRequest, article_id: int) -> Iterable[CommentDraft]:
    """The drafts in the discussion of a public article, without a query for a browser that has no cookie.

    Called with every page view of an article.
    """
    if not draft_token(request):
        return []
    discussion = Article.objects.public().filter(pk=article_id).values("translation_key")
    return drafts_for(request).filter(article__translation_key=Subquery(discussion))

"""What one reader alone sees of a discussion: their comments in all states, and texts of theirs that are not posted yet.

Whoever is logged in asks with every page view of an article: it takes one query, whatever there is to show.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, JSONField, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from articles.models import Article
from comments import drafts
from comments.forms import parse_id
from comments.models import Comment, compose_url
from comments.policy import State
from ictiger.core.prepared import PreparedQuery

from . import threads

MAX_OWN_COMMENTS = 100  # of the reader's own comments in one discussion, the newest


class DraftSummary(NamedTuple):
    """What `comments/_kept_text.html` shows of a WaitingText."""

    title: str
    body: str
    parent_id: int | None
    may_go_on: bool
    submission: UUID
    get_absolute_url: str


def personal_context(request: HttpRequest, article_id: int) -> dict[str, Iterable]:
    """What `comments/_own.html` shows to whoever asks, below a public article."""
    user, token = request.user, drafts.draft_token(request)
    if not user.is_authenticated or parse_id(str(article_id)) is None:
        return {"kept": drafts.drafts_in_browser(request, article_id), "own": []}
    asked = {"author": user.pk, "article": article_id, "now": timezone.now()}
    if token is None or user.pending_content_unconfirmed:
        return {
            "kept": drafts.drafts_in_browser(request, article_id),
            "own": _with_markup(_OWN_COMMENTS.rows(**asked)),
        }
    found = sorted(
        _COMMENTS_AND_DRAFTS.rows(**asked, token=token, since=asked["now"] - drafts.DRAFT_LIFETIME),
        key=lambda row: row.pk,
    )
    newest_first = [row for row in reversed(found) if not row.kept]
    return {
        "kept": [_draft_summary(**row.kept) for row in found if row.kept],
        "own": _with_markup(newest_first),
    }


def _with_markup(rows: list) -> list[tuple[Any, SafeString]]:
    markup = threads.CommentRenderer() if rows else None  # most pages have nothing of their reader's
    return [(row, markup.html(row)) for row in rows]


def _draft_summary(
    *, slug: str, language: str, title: str, body: str, parent: int | None, public: bool, submission: str
) -> DraftSummary:
    return DraftSummary(
        title,
        body,
        parent,
        bool(public),
        UUID(submission),
        compose_url(Article(slug=slug, language=language), parent),
    )


def _newest(author, article, now) -> QuerySet[Comment]:
    own = Comment.objects.filter(author=author, discussion=Subquery(_discussion_of(article, now)))
    return own.exclude(state=State.REMOVED).order_by("-pk")[:MAX_OWN_COMMENTS]


def _discussion_of(article, now) -> QuerySet:
    return Article.objects.public(now=now).filter(pk=article).values("translation_key")


_OWN_COMMENTS = PreparedQuery(
    lambda author, article, now: threads.values_for_author(_newest(author, article, now)), server_side=True
)


def _comments_and_drafts(author, article, now, token, since) -> QuerySet:
    """Comments and texts in one list: a row has the columns of a comment, or it has `kept`."""
    comments = Comment.objects.filter(pk__in=_newest(author, article, now).values("pk")).annotate(
        kept=Value(None, JSONField())
    )
    texts = drafts.drafts_of_account(token, author, since).filter(
        article__translation_key=Subquery(_discussion_of(article, now))
    )
    as_json = JSONObject(
        slug="article__slug",
        language="article__language",
        title="article__title",
        body="body",
        parent="parent",
        submission="submission",
        public=Exists(Article.objects.public(now=now).filter(pk=OuterRef("article"))),
    )
    no_columns = {f"no_{column}": Value(None, TextField()) for column in threads.COLUMNS[1:]}
    return (
        comments.order_by()
        .values_list(*threads.COLUMNS, "kept", named=True)
        .union(texts.annotate(**no_columns, kept=as_json).values_list("pk", *no_columns, "kept"), all=True)
    )


_COMMENTS_AND_DRAFTS = PreparedQuery(_comments_and_drafts, server_side=True)

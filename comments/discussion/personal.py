"""What only one user sees of a discussion: their own comments in all states, and their drafts.

A signed-in browser requests it with every page view of an article, so it takes one query however much there
is.
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

MAX_COMMENTS = 100  # of one author in one discussion, the newest


class DraftSummary(NamedTuple):
    """What `comments/_draft.html` shows of a CommentDraft, with the model's names."""

    title: str
    body: str
    parent_id: int | None
    may_go_on: bool
    submission: UUID
    get_absolute_url: str


def personal_context(request: HttpRequest, article_id: int) -> dict[str, Iterable]:
    """Context of `comments/_personal.html`, below a public article."""
    user, token = request.user, drafts.draft_token(request)
    if not user.is_authenticated or parse_id(str(article_id)) is None:
        return {"drafts": drafts.drafts_in_browser(request, article_id), "my_comments": []}
    params = {"author": user.pk, "article": article_id, "now": timezone.now()}
    if token is None or user.pending_content_unconfirmed:
        return {
            "drafts": drafts.drafts_in_browser(request, article_id),
            "my_comments": _with_html(_comments_query.rows(**params)),
        }
    since = params["now"] - drafts.DRAFT_LIFETIME
    rows = sorted(_comments_and_drafts_query.rows(**params, token=token, since=since), key=lambda row: row.pk)
    return {
        "drafts": [_draft_summary(**row.draft) for row in rows if row.draft],
        "my_comments": _with_html([row for row in reversed(rows) if not row.draft]),
    }


def _with_html(rows: list) -> list[tuple[Any, SafeString]]:
    if not rows:  # usual, and saves the renderer
        return []
    renderer = threads.CommentRenderer()
    return [(row, renderer.html(row)) for row in rows]


def _draft_summary(
    *, slug: str, language: str, title: str, body: str, parent: int | None, public: bool, submission: str
) -> DraftSummary:
    url = compose_url(Article(slug=slug, language=language), parent)
    return DraftSummary(title, body, parent, bool(public), UUID(submission), url)


def _newest_comments(author, article, now) -> QuerySet[Comment]:
    comments = Comment.objects.filter(author=author, discussion=Subquery(_discussion_of(article, now)))
    return comments.exclude(state=State.REMOVED).order_by("-pk")[:MAX_COMMENTS]


def _discussion_of(article, now) -> QuerySet:
    return Article.objects.public(now=now).filter(pk=article).values("translation_key")


_comments_query = PreparedQuery(
    lambda author, article, now: threads.values_for_author(_newest_comments(author, article, now)),
    server_side=True,
)


def _comments_and_drafts(author, article, now, token, since) -> QuerySet:
    """A UNION of comments and drafts.

    A row has either the columns of a comment, or `draft`, a JSON object.
    """
    comments = Comment.objects.filter(pk__in=_newest_comments(author, article, now).values("pk"))
    account_drafts = drafts.drafts_of_account(token, author, since).filter(
        article__translation_key=Subquery(_discussion_of(article, now))
    )
    draft_json = JSONObject(
        slug="article__slug",
        language="article__language",
        title="article__title",
        body="body",
        parent="parent",
        submission="submission",
        public=Exists(Article.objects.public(now=now).filter(pk=OuterRef("article"))),
    )
    empty_columns = {f"no_{column}": Value(None, TextField()) for column in threads.COLUMNS[1:]}
    draft_rows = account_drafts.annotate(**empty_columns, draft=draft_json)
    return (
        comments.annotate(draft=Value(None, JSONField()))
        .order_by()
        .values_list(*threads.COLUMNS, "draft", named=True)
        .union(draft_rows.values_list("pk", *empty_columns, "draft"), all=True)
    )


_comments_and_drafts_query = PreparedQuery(_comments_and_drafts, server_side=True)

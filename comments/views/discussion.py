"""The public pages of a discussion, permalinks, and the fragment for one user."""

from collections.abc import Callable
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.views import personal_fragment as render_personal_fragment
from articles.links import page_links
from articles.models import Article
from comments import discussion_status
from comments.discussion import personal
from comments.discussion import threads as thread_queries
from comments.discussion.context import base_context, discussion_context, find_article, translated_urls
from comments.models import Comment
from comments.policy import State, discussion_page_number
from ictiger.core.http import no_store
from ictiger.core.languages import Language
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry
from ictiger.pagecache.redirects import with_query

from .my_comments import my_comment_url


@public_page
def discussion(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A page of older threads. The threads of page `number` are always the same ones."""

    def page_url(article: Article) -> str:
        return reverse("comments:discussion", args=[article.slug, number])

    article = find_article(slug)
    if article.slug != slug or not request.path.endswith(f"/{number}/"):
        return redirect(page_url(article), permanent=True)
    context = discussion_context(article, number)
    return _render_public_page(request, "comments/discussion_detail.html", article, context, page_url)


@public_page
def thread(request: HttpRequest, slug: str, thread_no: int, number: int = 1) -> HttpResponse:
    """One thread with page `number` of its replies.

    Other pages leave out most replies of a very long thread.
    """

    def page_url(article: Article, page: int = number) -> str:
        return thread_queries.thread_url(article, thread_no, page)

    article = find_article(slug)
    if article.slug != slug or unquote(page_url(article)) != request.path:
        return redirect(page_url(article), permanent=True)
    status = discussion_status.discussion_status(article)
    renderer = thread_queries.CommentRenderer(article, status)
    thread_page = thread_queries.single_thread(article, thread_no, number, renderer)
    if thread_page is None:
        raise Http404
    single_thread, page_count = thread_page
    discussion_page = discussion_page_number(thread_no)
    context = base_context(article, status) | {
        "thread": single_thread,
        "number": number,
        "discussion_url": reverse("comments:discussion", args=[article.slug, discussion_page]),
        "earlier_url": page_url(article, number - 1) if number > 1 else "",
        "later_url": page_url(article, number + 1) if number < page_count else "",
    }
    return _render_public_page(request, "comments/thread_detail.html", article, context, page_url)


def _render_public_page(
    request: HttpRequest, template: str, article: Article, context: dict, page_url: Callable[[Article], str]
) -> HttpResponse:
    """Render a page below `article` with links to its translation, and set its expiry."""
    context |= {"bar_src": cached_reverse("comments:personal_fragment", article.pk)}
    context |= page_links(translated_urls(article, page_url))
    return set_expiry(render(request, template, context), *article.next_visibility_changes(request.asked_at))


@require_safe
@no_store
def personal_fragment(request: HttpRequest, article_id: int) -> HttpResponse:
    """The account bar, and what only this user sees of the discussion: held comments and drafts."""
    context = personal.personal_context(request, article_id)
    return render_personal_fragment(request, "comments/personal_fragment.html", **context)


@never_cache
@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the page with the comment or its placeholder; the author of a hidden one to My comments."""
    comment = get_object_or_404(Comment.objects.select_related("parent"), pk=pk)
    is_author = request.user.is_authenticated and comment.author_id == request.user.pk
    is_visible = comment.state == State.VISIBLE
    article = _public_article(comment)
    if article and (is_visible or (not is_author and _has_placeholder(comment))):
        location = thread_queries.page_url(comment, article)
        return redirect(with_query(location, request.META.get("QUERY_STRING", "")))
    if is_author:
        return redirect(my_comment_url(comment))
    raise Http404


def _has_placeholder(comment: Comment) -> bool:
    """Whether the discussion shows a placeholder for a comment that is not visible."""
    return comment.thread_no is not None and Comment.objects.threads().filter(pk=comment.pk).exists()


def _public_article(comment: Comment) -> Article | None:
    """The discussed article in the active language, else in the other; None when neither is public."""
    public = {
        article.language: article
        for article in Article.objects.public().filter(translation_key=comment.discussion_id)
    }
    return public.get(Language.active()) or next(iter(public.values()), None)

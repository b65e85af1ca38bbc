"""The discussion as everybody reads it, and the form as a page: it works without JavaScript, which fetches the same form into place."""

from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles.links import page_links
from articles.models import Article
from comments import discussion_status
from comments.discussion import threads as thread_queries
from comments.discussion.context import base_context, discussion_context, find_article, translated_urls
from comments.models import Comment
from comments.policy import MY_COMMENTS_PER_PAGE, State, discussion_page_number
from ictiger.core.languages import Language
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry

# --- reading -------------------------------------------------------------------------------------------------------------------------


@public_page
def discussion(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Older threads. A page's number and its threads are fixed."""
    article = find_article(slug)
    path = reverse("comments:discussion", args=[article.slug, number])
    if article.slug != slug or not request.path.endswith(f"/{number}/"):
        return redirect(path, permanent=True)
    context = discussion_context(article, number) | {
        "bar_src": cached_reverse("comments:personal_fragment", article.pk)
    }
    context |= page_links(
        translated_urls(article, lambda version: reverse("comments:discussion", args=[version.slug, number]))
    )
    return set_expiry(
        render(request, "comments/discussion_detail.html", context),
        *article.next_visibility_changes(request.asked_at),
    )


@public_page
def thread(request: HttpRequest, slug: str, thread_no: int, number: int = 1) -> HttpResponse:
    """One thread alone, with all of its replies: other pages leave out most of those of a very long one."""
    article = find_article(slug)
    path = thread_queries.thread_url(article, thread_no, number)
    if article.slug != slug or unquote(path) != request.path:
        return redirect(path, permanent=True)
    now = discussion_status.discussion_status(article)
    found = thread_queries.thread_alone(
        article, thread_no, number, thread_queries.CommentRenderer(article, now)
    )
    if found is None:
        raise Http404
    thread, pages = found
    context = base_context(article, now) | {
        "thread": thread,
        "number": number,
        "bar_src": cached_reverse("comments:personal_fragment", article.pk),
    }
    context["place_url"] = reverse(
        "comments:discussion", args=[article.slug, discussion_page_number(thread_no)]
    )
    context["earlier_url"] = thread_queries.thread_url(article, thread_no, number - 1) if number > 1 else ""
    context["later_url"] = thread_queries.thread_url(article, thread_no, number + 1) if number < pages else ""
    context |= page_links(
        translated_urls(article, lambda version: thread_queries.thread_url(version, thread_no, number))
    )
    return set_expiry(
        render(request, "comments/thread_detail.html", context),
        *article.next_visibility_changes(request.asked_at),
    )


@never_cache
@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """To the page that holds the comment now, or its place. What its author alone may read is among the author's own."""
    comment = get_object_or_404(Comment.objects.select_related("parent"), pk=pk)
    is_own, is_visible = (
        request.user.is_authenticated and comment.author_id == request.user.pk,
        comment.state == State.VISIBLE,
    )
    article = _readable_article(comment)
    if article and (is_visible or (not is_own and _has_placeholder(comment))):
        return redirect(thread_queries.page_url(comment, article))
    if is_own:
        return redirect(my_comment_url(comment))
    raise Http404


def _has_placeholder(comment: Comment) -> bool:
    """Whether something stands where a comment was that is not visible."""
    return comment.thread_no is not None and Comment.objects.threads().filter(pk=comment.pk).exists()


def my_comment_url(comment: Comment) -> str:
    """Where a comment stands among all of its author's."""
    page = (
        Comment.objects.filter(author=comment.author_id).newer_than(comment).count() // MY_COMMENTS_PER_PAGE
        + 1
    )
    return f"{reverse('comments:my_comments')}{f'?page={page}' if page > 1 else ''}#comment-{comment.pk}"


def _readable_article(comment: Comment) -> Article | None:
    """The article in the reader's language, or in the one it exists in; None when it is not public."""
    public = {
        article.language: article
        for article in Article.objects.public().filter(translation_key=comment.discussion_id)
    }
    return public.get(Language.active()) or next(iter(public.values()), None)


# --- writing -------------------------------------------------------------------------------------------------------------------------

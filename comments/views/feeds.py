"""Atom feeds of the newest comments, of one article and of the whole site, in any language."""

import uuid
from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from articles import queries
from articles.feeds import AtomFeed
from articles.links import absolute_article_url, article_url
from articles.models import Article
from comments.discussion.context import find_article
from comments.models import Comment, CommentQuerySet
from ictiger.core.languages import Language
from ictiger.core.text import strip_unstorable
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry

FEED_LENGTH = 50  # comments


@public_page
def discussion_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The feed of an article's discussion."""
    article = find_article(slug)
    feed_url = reverse("comments:feed", args=[article.slug])
    if article.slug != slug:
        return redirect(feed_url, permanent=True)
    response = _build_atom(
        _("Comments on “%(title)s”") % {"title": article.title},
        f"{article.get_absolute_url()}#discussion",
        feed_url,
        _newest(Comment.objects.in_discussion_of(article)),
        {article.translation_key: article.title},
    )
    return set_expiry(response, *article.next_visibility_changes(request.asked_at))


@public_page
def site_comment_feed(request: HttpRequest) -> HttpResponse:
    """The feed of every public article, in whichever language it exists."""
    public = Article.objects.public().filter(translation_key=OuterRef("discussion_id"))
    comments = _newest(Comment.objects.filter(Exists(public)))
    response = _build_atom(
        _("Comments in %(publication)s") % {"publication": queries.publication().name},
        article_url("home"),
        reverse("comments:site_feed"),
        comments,
        _titles(comments),
    )
    return set_expiry(response, *Article.objects.next_visibility_changes(request.asked_at))


def _newest(comments: CommentQuerySet) -> list[Comment]:
    return list(
        comments.visible().select_related("author").order_by("-first_visible_at", "-pk")[:FEED_LENGTH]
    )


def _titles(comments: Iterable[Comment]) -> dict[uuid.UUID, str]:
    """Article titles by discussion: in the active language where the article has one, else in the other."""
    keys = {comment.discussion_id for comment in comments}
    public = Article.objects.public().filter(translation_key__in=keys)
    articles = sorted(
        public.only("translation_key", "language", "title"),
        key=lambda article: article.language == Language.active(),
    )
    return {article.translation_key: article.title for article in articles}  # the last of each key wins


def _build_atom(
    title: str, link: str, feed_url: str, comments: Iterable[Comment], titles: dict[uuid.UUID, str]
) -> HttpResponse:
    atom = AtomFeed(
        title=strip_unstorable(title),
        link=absolute_article_url(link),
        description="",
        language=Language.active().value,
        feed_url=absolute_article_url(feed_url),
        feed_guid=absolute_article_url(feed_url),
    )
    for comment in comments:
        _add_comment(atom, comment, titles[comment.discussion_id])
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def _add_comment(atom: AtomFeed, comment: Comment, title: str) -> None:
    url = absolute_article_url(comment.get_absolute_url())
    atom.add_item(
        title=strip_unstorable(_("%(name)s on “%(title)s”") % {"name": comment.author_name, "title": title}),
        link=url,
        description="",
        content=comment.body_html,
        unique_id=uuid.uuid5(comment.discussion_id, str(comment.pk)).urn,
        pubdate=comment.first_visible_at,
        updateddate=comment.edited_at or comment.first_visible_at,
        authors=[(strip_unstorable(comment.author_name), "")],
    )

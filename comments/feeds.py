"""Comments as Atom feeds, in both languages as they were written, the newest first: those of an article, and those of the whole site."""

import uuid
from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from articles import reading
from articles.feeds import AtomFeed
from articles.links import absolute, address
from articles.models import Article
from articles.text import storable
from ictiger.delivery.decorators import public_page
from ictiger.delivery.lifetime import lives_until
from ictiger.languages import Language

from .models import Comment, CommentQuerySet
from .views import find_article

LENGTH = 50  # comments in a feed


@public_page
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """Of an article's discussion."""
    article = find_article(slug)
    feed_url = reverse("comments:feed", args=[article.slug])
    if article.slug != slug:
        return redirect(feed_url, permanent=True)
    newest = _newest(Comment.objects.below(article))
    titles = {article.translation_key: article.title}
    response = _atom(
        _("Comments on “%(title)s”") % {"title": article.title}, f"{article.get_absolute_url()}#discussion", feed_url, newest, titles
    )
    return lives_until(response, *article.next_moments(request.asked_at))


@public_page
def site_feed(request: HttpRequest) -> HttpResponse:
    """Of every public article, in whichever language it exists."""
    public = Article.objects.public().filter(translation_key=OuterRef("discussion_id"))
    newest = _newest(Comment.objects.filter(Exists(public)))
    title = _("Comments in %(publication)s") % {"publication": reading.publication().name}
    response = _atom(title, address("home"), reverse("comments:site_feed"), newest, _titles(newest))
    return lives_until(response, *Article.objects.next_moments(request.asked_at))


def _newest(comments: CommentQuerySet) -> list[Comment]:
    return list(comments.visible().select_related("author").order_by("-shown_at", "-pk")[:LENGTH])


def _titles(comments: Iterable[Comment]) -> dict[uuid.UUID, str]:
    """Of the articles that are discussed: in the language of the feed where they have one in it, else in the other."""
    keys = {comment.discussion_id for comment in comments}
    versions = list(Article.objects.public().filter(translation_key__in=keys).only("translation_key", "language", "title"))
    versions.sort(key=lambda article: article.language == Language.active())  # the last one counts
    return {article.translation_key: article.title for article in versions}


def _atom(title: str, link: str, feed_url: str, comments: Iterable[Comment], titles: dict[uuid.UUID, str]) -> HttpResponse:
    atom = AtomFeed(
        title=storable(title),
        link=absolute(link),
        description="",
        language=Language.active().value,
        feed_url=absolute(feed_url),
        feed_guid=absolute(feed_url),
    )
    for comment in comments:
        _add(atom, comment, titles[comment.discussion_id])
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def _add(atom: AtomFeed, comment: Comment, title: str) -> None:
    url = absolute(comment.get_absolute_url())
    atom.add_item(
        title=storable(_("%(name)s on “%(title)s”") % {"name": comment.author_name, "title": title}),
        link=url,
        description="",
        content=comment.body_html,
        unique_id=uuid.uuid5(comment.discussion_id, str(comment.pk)).urn,
        pubdate=comment.shown_at,
        updateddate=comment.edited_at or comment.shown_at,
        authors=[(storable(comment.author_name), "")],
    )

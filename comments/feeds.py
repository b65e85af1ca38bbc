"""The comments of an article as an Atom feed, in both languages as they were written, the newest first."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from articles.feeds import AtomFeed
from articles.links import absolute
from articles.text import storable
from ictiger.delivery.decorators import public_page
from ictiger.delivery.lifetime import lives_until
from ictiger.languages import Language

from .models import Comment
from .views import find_article

LENGTH = 50  # comments in a feed


@public_page
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    article = find_article(slug)
    feed_url = reverse("comments:feed", args=[article.slug])
    if article.slug != slug:
        return redirect(feed_url, permanent=True)
    atom = AtomFeed(
        title=storable(_("Comments on “%(title)s”") % {"title": article.title}),
        link=absolute(f"{article.get_absolute_url()}#discussion"),
        description="",
        language=Language.active().value,
        feed_url=absolute(feed_url),
        feed_guid=absolute(feed_url),
    )
    shown = Comment.objects.below(article).visible().select_related("author").order_by("-shown_at", "-pk")
    for comment in shown[:LENGTH]:
        _add(atom, comment, article.title)
    response = HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)
    return lives_until(response, *article.next_moments(request.asked_at))


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

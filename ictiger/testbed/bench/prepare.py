"""Prepare a site for measurement: the URLs to request, a reader's cookies, and forms that post comments."""

import json
from itertools import islice
from pathlib import Path

from django.conf import settings

from accounts.models import User
from articles.models import Article, Author, Topic
from comments.models import Comment
from ictiger.core.languages import Language
from ictiger.pagecache.store import get_store
from ictiger.testbed.data.readers import log_in, make_readers
from ictiger.testbed.data.site_maker import MEASURED, TOPICS

from .post_load import prepare_posts

ARTICLES_TO_POST = 50  # comments are posted under the newest articles


def prepare(posts: int) -> dict[str, object]:
    """Log one reader in, write a form of each of `posts` others to a file, and return the site's data for
    JSON.
    """
    measured = Article.objects.get(slug=MEASURED, language=Language.EN)
    file = Path(settings.VAR) / "forms.json"
    file.write_text(json.dumps(_forms(posts)), encoding="utf-8")
    (reader,) = log_in([User.objects.earliest("pk")])
    return {
        "articles": Article.objects.count(),
        "comments": Comment.objects.count(),
        "pages": str(get_store().pages, "utf-8"),
        "cookies": f"{settings.SESSION_COOKIE_NAME}={reader.session}; "
        f"{settings.CSRF_COOKIE_NAME}={reader.secret}; reader=member",
        "article": measured.get_absolute_url(),
        "personal": {"fragment": f"/me/discussion/{measured.pk}/"},
        "searches": _searches(),
        "lists": _lists(),
        "forms": str(file),
    }


def _searches() -> dict[str, str]:
    english = Article.objects.filter(language=Language.EN).count()
    return {
        "search, a word of most": "/search/?q=the",
        "search, two words of most": "/search/?q=the+patent",
        "search, a word of one": f"/search/?q={english // 2 * 2}",
        "search, Chinese": "/zh-hans/search/?q=%E4%B8%93%E5%88%A9",
    }


def _lists() -> dict[str, str]:
    """Return the first page of each list, and one from its middle where it is long."""
    english, topic = Article.objects.public(Language.EN), Topic.objects.get(slug=f"topic-{TOPICS // 2}")
    return {
        "home": "/",
        "home, middle": _middle("/", english.count()),
        "topic": topic.get_absolute_url(),
        "topic, middle": _middle(topic.get_absolute_url(), english.filter(topics=topic).count()),
        "author": Author.objects.published().first().get_absolute_url(),
        "feed": "/feed/",
    }


def _middle(url: str, articles: int) -> str:
    return f"{url}page/{articles // 20}/" if articles >= 40 else url


def _forms(count: int) -> list[str]:
    """Return requests that post a comment each, by as many readers, under articles that are not measured
    otherwise.
    """
    newest = Article.objects.public(Language.EN).exclude(slug=MEASURED).order_by("-publish_at", "-pk")
    articles = list(newest.defer("body", "body_html", "search_text")[:ARTICLES_TO_POST])
    return [
        prepared.request.decode()
        for prepared in islice(prepare_posts(make_readers(count, articles, name="writer"), articles), count)
    ]

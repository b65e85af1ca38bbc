"""Which pages a write purges: all that show it, before and after.

The last test proves it. It renders every page before and after each change: those that differ must be purged.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from articles.models import Article, ArticleTopic, Byline, Publication, SocialLink
from articles.queries import related_articles
from articles.services import (
    create_article,
    publish,
    save_draft,
    save_page,
    set_options,
    take_down,
    unpublish,
)
from ictiger.pagecache.invalidation import paths_to_purge
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from tests.factories import (
    make_article,
    make_author,
    make_image,
    make_page,
    make_publication,
    make_topic,
    set_authors,
    set_topics,
)

pytestmark = pytest.mark.django_db


def test_draft_shows_on_no_page():
    paths = paths_to_purge(create_article(title="T", slug="t"))
    assert not {
        path
        for path in paths
        if path.startswith(("/articles/t/**", "/page", "/feed", "/archive", "/topics")) or path == "/"
    }


def test_scheduled_article_has_paths():
    article = make_article("a", publish_at=timezone.now() + timedelta(days=1))
    assert {"/", "/page/**", "/feed/", "/archive/**", "/articles/a/**"} <= paths_to_purge(article)


def test_article_shows_on_lists_of_its_language_only():
    article = make_article("甲", language="zh-hans", topics=[make_topic("t")])
    paths = paths_to_purge(article)
    assert {"/zh-hans/", "/zh-hans/topics/t/**", "/zh-hans/articles/甲/**"} <= paths
    assert not {"/", "/page/**", "/topics/t/**", "/**"} & paths


def test_paths_are_plain_text():
    article = make_article("权利", language="zh-hans", authors=[make_author("林")])
    assert all(path == unquote(path) for path in paths_to_purge(article))


def test_author_without_articles_shows_nowhere():
    assert paths_to_purge(make_author("lin")) == set()


def test_paths_include_pages_that_name_the_article_as_related():
    """With many articles of one moment, as an import or a schedule makes them."""
    topic, moment = make_topic("t"), timezone.now() - timedelta(days=1)
    articles = [make_article(f"a{n}", topics=[topic], publish_at=moment) for n in range(9)]
    for article in articles:
        shown_on = {f"/articles/{other.slug}/" for other in articles if article in related_articles(other)}
        assert shown_on <= paths_to_purge(article)


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker) -> Iterator[dict[str, bytes]]:
    """A small publication: its pages, as they read before a change.

    Made once: each test's transaction lies within this one.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield _pages(_publication())
        transaction.set_rollback(True)


LIST_PATHS = [
    "",
    "page/2/",
    "feed/",
    "topics/t1/",
    "topics/t2/",
    "topics/t1/feed/",
    "authors/u1/",
    "authors/u2/",
    "authors/u2/feed/",
    "authors/solo/",
    "about/",
]


def _publication() -> list[str]:
    """Make the publication and return the paths of all its pages."""
    for language in ("en", "zh-hans"):
        make_publication(language, sign_off="Old sign-off")
    topics = [make_topic("t1"), make_topic("t2")]
    authors = [make_author("u1"), make_author("u2")]
    cover = make_image()
    for n in range(14):
        article = make_article(
            f"a{n}",
            topics=[topics[n % 2]],
            authors=[authors[n % 2]],
            cover=cover if n == 6 else None,
            publish_at=timezone.now() - timedelta(days=20 * (n + 1)),
        )
        if n < 3:
            make_article(
                f"译{n}",
                language="zh-hans",
                translation_key=article.translation_key,
                topics=[topics[0]],
                authors=[authors[0]],
            )
    make_article("only", authors=[make_author("solo")], publish_at=timezone.now() - timedelta(days=15))
    make_page("about")
    years = sorted({timezone.localtime(a.publish_at).year for a in Article.objects.all()})
    lists = [*LIST_PATHS, *(f"archive/{year}/" for year in years)]
    article_paths = [unquote(article.get_absolute_url()) for article in Article.objects.all()]
    return (
        [prefix + path for prefix in ("/", "/zh-hans/") for path in lists]
        + article_paths
        + ["/sitemap.xml", "/articles/renamed/"]
    )


def _pages(paths: Iterable[str]) -> dict[str, bytes]:
    client = Client()
    return {path: client.get(path).content for path in paths}


def rename(article: Article) -> None:
    save_draft(article, slug="renamed")
    publish(article)


def retitle(article: Article) -> None:
    save_draft(article, title="New title", summary="New summary")
    publish(article)


def write(instance, **values) -> None:
    with public_write(instance):
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()


def remove(instance) -> None:
    with public_write(instance):
        instance.delete()


def add_link() -> None:
    with public_write() as write:
        link = SocialLink(
            publication=Publication.objects.get(language="en"), label="Elsewhere", url="https://example.org/"
        )
        link.save()
        write.touch(link)


def get(n: int) -> Article:
    return Article.objects.get(slug=f"a{n}")


CHANGES = {
    "retitle the newest": lambda: retitle(get(0)),
    "retitle one in the middle": lambda: retitle(get(6)),
    "retitle the oldest": lambda: retitle(get(13)),
    "rename a translated one": lambda: rename(get(1)),
    "unpublish the newest": lambda: unpublish(get(0)),
    "unpublish one in the middle": lambda: unpublish(get(7)),
    "unpublish the oldest": lambda: unpublish(get(13)),
    "unpublish an author's only article": lambda: unpublish(Article.objects.get(slug="only")),
    "take down": lambda: take_down(get(5)),
    "delete": lambda: remove(get(4)),
    "publish a new one": lambda: make_article("fresh"),
    "publish an old one": lambda: make_article(
        "renamed", topics=list(get(3).topics.all()), publish_at=timezone.now() - timedelta(days=100)
    ),
    "backdate": lambda: publish(get(2), at=timezone.now() - timedelta(days=150)),
    "feature": lambda: set_options(get(8), featured=True),
    "change topics": lambda: set_topics(get(6), list(get(7).topics.all())),
    "change authors": lambda: set_authors(get(6), list(get(7).authors.all())),
    "remove a byline": lambda: remove(Byline.objects.get(article=get(6))),
    "remove a topic": lambda: remove(ArticleTopic.objects.get(article=get(6))),
    "rename an author": lambda: write(get(6).authors.get(), name_en="New Name", name_zh="新名"),
    "move an author": lambda: write(get(6).authors.get(), slug="moved"),
    "rename a topic": lambda: write(get(6).topics.get(), name_en="New Topic"),
    "describe a cover": lambda: write(get(6).cover, alt="New words"),
    "edit a page": lambda: save_page(_page_with(body="New text.")),
    "rename a page": lambda: save_page(_page_with(title="New title")),
    "change the sign-off": lambda: write(Publication.objects.get(language="en"), sign_off="New sign-off"),
    "add a social link": add_link,
}


def _page_with(**values):
    page = make_page("new")
    for name, value in values.items():
        setattr(page, name, value)
    return page


@pytest.mark.parametrize("act", CHANGES.values(), ids=CHANGES.keys())
def test_every_changed_page_is_purged(site, act):
    Purge.objects.all().delete()

    act()

    purged = {path for purge in Purge.objects.all() for path in purge.paths}
    changed = {path for path, content in _pages(site).items() if content != site[path]}
    assert changed, "this change should show somewhere"
    assert {path for path in changed if not _covers(purged, path)} == set()


def _covers(purged: set[str], path: str) -> bool:
    return path in purged or any(one.endswith("**") and path.startswith(one[:-2]) for one in purged)


def test_draft_of_a_published_article_purges_nothing():
    article = make_article("a")
    Purge.objects.all().delete()

    save_draft(article, body="Unfinished wor", title="Another title")

    assert not Purge.objects.exists()

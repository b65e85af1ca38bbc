"""The whole publication behind its page store: stored pages stay fresh after every write and schedule."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.utils import timezone

from accounts.models import User
from articles import services
from articles.models import Article, Author, Image, Page, Publication, SocialLink, Topic
from comments import services as discussion
from comments.policy import ModerationAction
from ictiger.pagecache import maintenance
from ictiger.pagecache.crawl import verify_pages, warm_pages
from ictiger.pagecache.public_write import public_write
from tests.factories import (
    decide_as_somebody,
    make_article,
    make_author,
    make_comment,
    make_image,
    make_page,
    make_publication,
    make_topic,
    make_user,
    set_authors,
    set_topics,
)

from .site import Site

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def full_site(store, now) -> Site:
    """Two languages, topics, authors, a picture, pages, and a discussion of two full pages."""
    for language in ("en", "zh-hans"):
        make_publication(language)
    topics, authors = (
        [make_topic("patents"), make_topic("standards")],
        [make_author("lin"), make_author("feld")],
    )
    picture = make_image()
    make_page("about")
    for n in range(13):
        make_article(
            f"a{n}", topics=topics[: n % 2 + 1], authors=authors[: n % 2 + 1], publish_at=now - (n + 1) * HOUR
        )
    first = Article.objects.get(slug="a0")
    services.set_options(first, featured=True)
    make_article(
        "专利",
        language="zh-hans",
        translation_key=first.translation_key,
        topics=topics,
        authors=authors,
        cover=picture,
    )
    commenters = [make_user(f"talker-{n}@example.org", display_name=f"Talker {n}") for n in range(6)]
    for n in range(100):  # the next comment begins a page
        make_comment(first, author=commenters[n % 6], body=f"Argument {n}.")
    make_comment(first, author=commenters[1], parent=first.comments.first(), body="An answer.")
    for n in range(26):  # most of them show on the thread's page alone
        make_comment(
            first,
            author=commenters[n % 6],
            parent=first.comments.get(body="Argument 60."),
            body=f"Answer {n}.",
        )
    return Site(store)


def save(instance, **fields) -> None:
    with public_write(instance):
        for name, value in fields.items():
            setattr(instance, name, value)
        instance.save()


def article(slug: str) -> Article:
    return Article.objects.get(slug=slug)


def edit(current_slug: str, **text) -> None:
    services.save_draft(article(current_slug), **text)
    services.publish(article(current_slug))


def erase_topic(slug: str) -> None:
    topic = Topic.objects.get(slug=slug)
    with public_write(topic):
        topic.articletopic_set.all().delete()
        topic.delete()


def add_link() -> None:
    with public_write() as write:
        write.touch(
            SocialLink.objects.create(
                publication=Publication.objects.get(language="en"), label="RSS", url="https://example.org/"
            )
        )


# Each write acts on the state that the ones before it have left.
WRITES = {
    "publish": lambda: make_article(
        "new", topics=[Topic.objects.get(slug="patents")], authors=[Author.objects.get(slug="lin")]
    ),
    "publish in Chinese": lambda: make_article(
        "新", language="zh-hans", topics=[Topic.objects.get(slug="patents")]
    ),
    "translate": lambda: make_article(
        "第一", language="zh-hans", translation_key=article("a1").translation_key
    ),
    "schedule": lambda: make_article(
        "soon", topics=[Topic.objects.get(slug="patents")], publish_at=timezone.now() + HOUR
    ),
    "edit": lambda: edit("a2", title="Another title"),
    "move": lambda: edit("a3", slug="moved"),
    "move what is discussed": lambda: edit("a0", slug="moved-too", title="Moved"),
    "move back": lambda: edit("moved", slug="a3"),
    "other topics": lambda: set_topics(article("a4"), [Topic.objects.get(slug="standards")]),
    "other authors": lambda: set_authors(article("a4"), [Author.objects.get(slug="feld")]),
    "lead": lambda: services.set_options(article("a5"), featured=True),
    "close a discussion": lambda: services.set_options(article("moved-too"), comments_open=False),
    "open it": lambda: services.set_options(article("moved-too"), comments_open=True),
    "take down": lambda: services.take_down(article("a6")),
    "unpublish": lambda: services.unpublish(article("a7")),
    "rename a topic": lambda: save(
        Topic.objects.get(slug="patents"), name_en="Patents and more", slug="more"
    ),
    "rename an author": lambda: save(Author.objects.get(slug="feld"), name_en="Someone else"),
    "rename the publication": lambda: save(Publication.objects.get(language="en"), name="The Tiger"),
    "link": add_link,
    "describe a picture": lambda: save(Image.objects.get(), alt="Another description"),
    "rewrite a page": lambda: save(Page.objects.get(), title="About us", body_html="<p>Other words.</p>"),
    "comment": lambda: make_comment(article("moved-too"), body="A new thread."),
    "reply": lambda: make_comment(
        article("moved-too"), parent=article("moved-too").comments.filter(parent=None).first()
    ),
    "edit a comment": lambda: edit_comment(article("moved-too").comments.filter(author__isnull=False).last()),
    "remove a comment": lambda: decide_as_somebody(
        article("moved-too").comments.filter(body="Argument 7.").get(), ModerationAction.REMOVE
    ),
    "remove an answer": lambda: decide_as_somebody(
        article("moved-too").comments.get(body="Answer 9."), ModerationAction.REMOVE
    ),
    "another answer": lambda: make_comment(
        article("moved-too"), parent=article("moved-too").comments.get(body="Argument 60.")
    ),
    "bring it back": lambda: decide_as_somebody(
        article("moved-too").comments.filter(body="Argument 7.").get(), ModerationAction.UNDO
    ),
    "another name": lambda: save(User.objects.get(email="talker-2@example.org"), display_name="Renamed"),
    "an account is erased": lambda: discussion.erase_comments(User.objects.get(email="talker-3@example.org")),
    "erase a topic": lambda: erase_topic("standards"),
}


def edit_comment(comment) -> None:
    discussion.edit_comment(user=comment.author, comment_id=comment.pk, body="Other words for it.")


COMMENT_PAGES = {
    "/comments/feed/",
    "/zh-hans/comments/feed/",
    "/articles/a0/comments/feed/",
    "/articles/a0/discussion/thread/61/",
    "/zh-hans/articles/专利/discussion/thread/61/",
}


def outdated_pages(site: Site) -> list[str]:
    """Stored pages that would be rendered differently now."""
    return [page.path for page, is_same in verify_pages(site.store, WSGIHandler()) if not is_same]


def store_all_pages(site: Site) -> set[str]:
    for _visited in warm_pages(site.wrapper):
        pass
    return {page.path for page in maintenance.stored_pages(site.store)}


def test_every_stored_page_is_fresh_after_every_kind_of_write(full_site):
    stored = store_all_pages(full_site)
    assert {
        "/",
        "/zh-hans/",
        "/page/2/",
        "/articles/a0/discussion/1/",
        "/feed/",
        "/about/",
        "/zh-hans/articles/专利/",
        *COMMENT_PAGES,
    } <= stored
    assert outdated_pages(full_site) == []
    for name, write in WRITES.items():
        write()
        assert (name, outdated_pages(full_site)) == (name, [])
        assert len(store_all_pages(full_site)) > 30, name


def test_process_caches_nothing_that_another_process_may_change(full_site):
    """A page rendered from values cached before its lease would be older than the lease."""
    store_all_pages(full_site)
    with connection.cursor() as cursor:  # as another process would, without a purge in this one
        cursor.execute("UPDATE articles_publication SET name = 'Another name'")
        cursor.execute("UPDATE articles_topic SET name_en = 'Another topic'")
        cursor.execute("UPDATE articles_page SET title = 'Another page'")
    full_site.store.clear()
    for page in store_all_pages(full_site):
        body = full_site.get(page).body.decode()
        assert "ICTiger" not in between_tags(body), page
        if page.startswith("/articles/") and not page.endswith("/feed/"):
            assert "Another topic" in body
            assert "Another page" in body


def between_tags(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


LISTING_PATHS = [
    "/",
    "/feed/",
    "/topics/patents/",
    "/topics/patents/feed/",
    "/authors/lin/",
    "/authors/lin/feed/",
    "/articles/a0/",
]


def test_schedule_takes_effect_to_the_second_without_a_write(full_site, now):
    start = now.replace(microsecond=0) + 2 * HOUR
    with time_machine.travel(start, tick=False):
        related = {"topics": [Topic.objects.get(slug="patents")], "authors": [Author.objects.get(slug="lin")]}
        make_article(
            "scheduled",
            title="Scheduled piece",
            publish_at=start + HOUR,
            expires_at=start + 2 * HOUR,
            **related,
        )
        store_all_pages(full_site)
    hours = {0.999: 0, 1: 1, 1.999: 1, 2: 0}
    for hour, shown in hours.items():
        with time_machine.travel(start + hour * HOUR, tick=False):
            for _reader in range(2):
                shown_on = {
                    path: "Scheduled piece" in full_site.get(path).body.decode()
                    for path in LISTING_PATHS[:-1]
                }
                assert shown_on == dict.fromkeys(LISTING_PATHS[:-1], bool(shown)), hour
                assert (
                    full_site.get("/articles/scheduled/").status
                    == {0.999: 404, 1: 200, 1.999: 200, 2: 410}[hour]
                )


def test_pages_without_a_schedule_are_stored_for_the_file_server(full_site):
    store_all_pages(full_site)
    assert not any(page.timed for page in maintenance.stored_pages(full_site.store))


def test_discussion_closes_to_the_second_on_its_stored_page(full_site, now):
    closes = now.replace(microsecond=0) + HOUR
    services.set_options(article("a0"), comments_close_at=closes)
    for moment, is_open in ((closes - timedelta(milliseconds=1), True), (closes, False)):
        with time_machine.travel(moment, tick=False):
            for path in ("/articles/a0/", "/articles/a0/discussion/1/"):
                for _reader in range(2):
                    assert ("/articles/a0/comments/new/" in full_site.get(path).body.decode()) is is_open, (
                        path
                    )

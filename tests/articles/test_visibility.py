"""Hidden articles show nowhere. Each test first makes an article that could leak."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Status
from articles.preview_links import preview_url
from articles.services import create_article, save_draft, take_down, unpublish
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db

WORD = "Quasiparticle"


def make_hidden(state: str, **fields):
    """An article in `state` with WORD in its title, text and slug."""
    text = {
        "title": f"{WORD} title",
        "summary": f"{WORD} summary",
        "body": f"{WORD} text",
        "slug": f"{WORD}-slug".lower(),
    }
    if state == "draft":
        article = create_article(**text, **fields)
    elif state == "in review":
        article = make_article(**text, status=Status.IN_REVIEW, **fields)
    elif state == "scheduled":
        article = make_article(**text, publish_at=timezone.now() + timedelta(minutes=1), **fields)
    elif state == "unpublished":
        article = make_article(**text, **fields)
        unpublish(article)
    else:
        article = make_article(**text, **fields)
        take_down(article)
    return article


STATES = ["draft", "in review", "scheduled", "unpublished", "expired"]


def leaks_in(response) -> set[str]:
    page = response.content.decode()
    return {
        mark
        for mark in (f"{WORD} title", f"{WORD} summary", f"{WORD} text", f"{WORD}-slug".lower())
        if mark in page
    }


@pytest.mark.parametrize("state", STATES)
def test_public_pages_do_not_show_a_hidden_article(state, stranger):
    topic, author = make_topic("patents"), make_author("lin")
    shown = make_article("shown", topics=[topic], authors=[author])
    article = make_hidden(state, topics=[topic], authors=[author])
    make_article(
        "译文", language="zh-hans", topics=[topic], authors=[author], translation_key=article.translation_key
    )

    month = timezone.localtime(shown.publish_at)
    for path in [
        *(
            "/",
            "/topics/patents/",
            "/authors/lin/",
            f"/archive/{month:%Y}/",
            f"/archive/{month:%Y/%m}/",
            f"/search/?q={WORD}",
            "/search/?q=title",
        ),
        *("/feed/", "/topics/patents/feed/", "/authors/lin/feed/", "/sitemap.xml", "/articles/shown/"),
        *("/zh-hans/", "/zh-hans/feed/", "/zh-hans/articles/译文/", "/zh-hans/search/?q=title"),
    ]:
        response = stranger.get(path)
        assert response.status_code == 200, path
        assert leaks_in(response) == set(), path


@pytest.mark.parametrize(
    ("state", "status"), [(state, 410 if state == "expired" else 404) for state in STATES]
)
def test_url_of_a_hidden_article_does_not_show_it(state, status, stranger, editor, client_of):
    article = make_hidden(state)
    for client in (stranger, client_of(editor)):
        response = client.get(article.get_absolute_url())
        assert response.status_code == status
        # In lower case the word is in the requested URL.
        assert WORD not in response.content.decode()


def test_public_pages_show_the_article_once_it_is_public(stranger, time_machine):
    """Shows that the pages tested above contain an article that is public."""
    topic, author = make_topic("patents"), make_author("lin")
    article = make_hidden("scheduled", topics=[topic], authors=[author])
    time_machine.move_to(article.publish_at)
    month = timezone.localtime(article.publish_at)

    for path in [
        "/",
        "/topics/patents/",
        "/authors/lin/",
        f"/archive/{month:%Y}/",
        f"/search/?q={WORD}",
        "/feed/",
        "/topics/patents/feed/",
    ]:
        assert f"{WORD} title" in leaks_in(stranger.get(path)), path
    assert article.slug in stranger.get("/sitemap.xml").content.decode()


def test_public_pages_do_not_show_the_draft_of_a_public_article(stranger):
    article = make_article("shown")
    save_draft(article, title=WORD, summary=WORD, body=WORD, slug=WORD)
    for path in ("/", "/articles/shown/", "/feed/", "/sitemap.xml", f"/search/?q=nothing+{WORD}"):
        assert f"{WORD}<" not in stranger.get(path).content.decode()
    assert stranger.get(f"/articles/{WORD}/").status_code == 404


def test_author_of_drafts_only_has_no_page(stranger):
    make_hidden("draft", authors=[make_author("lin")])
    assert stranger.get("/authors/lin/").status_code == 404
    assert b"/authors/lin/" not in stranger.get("/sitemap.xml").content


def preview_path(article) -> str:
    return preview_url(article).removeprefix("http://testserver")


def test_preview_shows_the_draft_to_anyone_with_the_link(stranger):
    article = make_article("shown", body="Old text.")
    save_draft(article, body=f"New {WORD}.")

    response = stranger.get(preview_path(article))

    page = response.content.decode()
    assert response.status_code == 200
    assert f"New {WORD}." in page
    assert "Old text." not in page
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"


def test_preview_of_an_unpublished_article_works_without_a_date(stranger):
    assert WORD in stranger.get(preview_path(make_hidden("draft"))).content.decode()


def test_preview_link_expires_after_a_week(stranger, time_machine):
    path = preview_path(make_hidden("draft"))
    time_machine.move_to(timezone.now() + timedelta(days=8))
    assert stranger.get(path).status_code == 404


def test_forged_preview_link_is_404(stranger):
    path = preview_path(make_hidden("draft"))
    for forged in (path[:-2] + "x/", path.replace(":", ":x", 1), "/preview/1/", f"/preview/{'a:' * 2000}/"):
        assert stranger.get(forged).status_code == 404


def test_preview_redirects_to_the_language_of_the_article(stranger):
    article = create_article(language="zh-hans", title="题目", body="正文")
    path = preview_path(article)
    assert path.startswith("/zh-hans/preview/")
    assert stranger.get(path.removeprefix("/zh-hans"))["Location"].startswith(
        "http://testserver/zh-hans/preview/"
    )


def test_preview_of_a_deleted_article_is_404(stranger):
    article = make_hidden("draft")
    path = preview_path(article)
    with public_write(article):
        article.delete()
    assert stranger.get(path).status_code == 404

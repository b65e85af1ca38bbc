"""The index behind the search: kept by the database with every write, one answer on SQLite and PostgreSQL, bounded work."""

import pytest
from django.core.management import call_command
from django.db import connection

from articles import search, search_index
from articles.models import Article
from articles.search import search_articles
from articles.services import publish, save_draft, unpublish
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author

pytestmark = pytest.mark.django_db


def found(query: str, language: str = "en") -> list[str]:
    return [article.slug for article in search_articles(query, language=language)]


def test_follows_every_write_whoever_writes():
    article = make_article("a", title="Royalties")
    save_draft(article, title="Pledges")
    publish(article)
    assert (found("royalties"), found("pledges")) == ([], ["a"])
    unpublish(article)
    assert found("pledges") == []
    publish(article)
    with public_write(article):
        Article.objects.filter(pk=article.pk).update(search_text=" by hand ")
    assert (found("pledges"), found("hand")) == ([], ["a"])
    with public_write(article):
        article.delete()
    assert found("hand") == []


def test_writes_that_are_taken_back_are_not_found():
    make_article("a", title="Royalties")

    def break_off():
        with public_write():
            Article.objects.update(search_text=" pledges ")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert (found("royalties"), found("pledges")) == (["a"], [])


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="on SQLite a change of the table drops its triggers"
)
def test_migrating_again_brings_lost_triggers_back():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER articles_search_insert")
    call_command("migrate", verbosity=0)
    make_article("a", title="Royalties")
    assert found("royalties") == ["a"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="that of PostgreSQL has one shape")
def test_migrating_makes_an_index_of_an_earlier_shape_anew():
    make_article("a", title="Royalties")
    with connection.cursor() as cursor:
        search_index.remove_index(connection)
        cursor.execute(
            "CREATE VIRTUAL TABLE articles_search USING fts5 (entries, content='', prefix='1 2', tokenize='ascii')"
        )
    call_command("migrate", verbosity=0)
    make_article("b", title="Royalties")
    assert found("royalties") == ["b", "a"]


def test_an_index_made_late_has_what_was_there():
    make_article("a", title="Royalties")
    make_article("draft", title="Royalties", status="draft")
    connection.check_constraints()  # PostgreSQL alters no table that has some to check
    search_index.remove_index(connection)
    search_index.install_index(connection)
    assert found("royalties") == ["a"]


# Characters younger than SQLite's own tables, marks, what has a meaning in either database's query language,
# and what looks like our mark.
@pytest.mark.parametrize(
    ("body", "query", "hit"),
    [
        ("\U00031350\U00031351", "\U00031350", True),
        ("नमस्ते", "नमस्ते", True),
        ("ﬁle ß", "FILE SS", True),
        ("near and or not", "NEAR AND OR NOT", True),
        ("a b", 'c" OR "b', False),
        ("it's", "it's", True),
        ("x", "x:* & !y", False),
        ("plain", "entries:plain", False),
        ("plain", "^plain", True),
        ("plain", "-plain", True),
        ("plain", "pla*n", False),
        ("plain", "\\plain", True),
        ("plain", "§plain", True),
        ("plain", "§en", False),
        ("plain", "'plain'::tsquery", False),
        ("word" * 1_000, "wordword", True),
        ("word" * 1_000, "word" * 25, True),
    ],
)
def test_means_the_same_on_both_databases(body, query, hit):
    make_article("a", title="T", summary="", body=body)
    assert found(query) == (["a"] if hit else [])


def test_texts_of_any_size_can_be_indexed():
    distinct = "".join(
        chr(0x4E00 + n % 20_000) + chr(0x4E00 + (n * 7 + n // 20_000) % 20_000) for n in range(95_000)
    )
    body = "\n\n".join(distinct[start : start + 900] for start in range(0, len(distinct), 900))
    make_article("a", title="开头", body=body, language="zh-hans")
    assert found("开头", "zh-hans") == ["a"]


@pytest.mark.parametrize(
    ("articles", "told"),
    [(2, "2 articles"), (3, "3 articles"), (4, "More than 3 articles have this."), (6, "More than 3")],
)
def test_of_more_than_most_the_newest_are_found(monkeypatch, stranger, articles, told):
    monkeypatch.setattr(search, "MAX_RESULTS", 3)
    monkeypatch.setattr("articles.views.MAX_RESULTS", 3)
    for n in range(articles):
        make_article(f"a{n}", title="Patents")
    page = stranger.get("/search/?q=patents")
    assert [article.slug for article in page.context["page_obj"]] == [
        f"a{n}" for n in reversed(range(articles))
    ][:3]
    assert told in page.content.decode()


def test_words_of_the_text_and_of_an_author_go_together():
    make_article("hit", body="Royalties.", authors=[make_author(name_en="Marcus Feld")])
    make_article("other-text", body="Pledges.", authors=[make_author(name_en="Marcus Feldman")])
    make_article("other-author", body="Royalties.", authors=[make_author(name_en="Zhou Min")])
    assert found("feld royalties") == ["hit"]

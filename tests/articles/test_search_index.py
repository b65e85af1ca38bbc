"""The search index: updated with every write, the same results on SQLite and PostgreSQL, bounded work."""

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


def search_slugs(query: str, language: str = "en") -> list[str]:
    return [article.slug for article in search_articles(query, language=language)]


def test_index_follows_every_write():
    article = make_article("a", title="Royalties")
    save_draft(article, title="Pledges")
    publish(article)
    assert (search_slugs("royalties"), search_slugs("pledges")) == ([], ["a"])
    unpublish(article)
    assert search_slugs("pledges") == []
    publish(article)
    with public_write(article):
        Article.objects.filter(pk=article.pk).update(search_text=" by hand ")
    assert (search_slugs("pledges"), search_slugs("hand")) == ([], ["a"])
    with public_write(article):
        article.delete()
    assert search_slugs("hand") == []


def test_index_follows_a_rollback():
    make_article("a", title="Royalties")

    def roll_back():
        with public_write():
            Article.objects.update(search_text=" pledges ")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        roll_back()
    assert (search_slugs("royalties"), search_slugs("pledges")) == (["a"], [])


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="on SQLite a change of the table drops its triggers"
)
def test_migrate_restores_missing_triggers():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER articles_search_insert")
    call_command("migrate", verbosity=0)
    make_article("a", title="Royalties")
    assert search_slugs("royalties") == ["a"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the index on PostgreSQL has had one form only")
def test_migrate_rebuilds_an_index_of_an_earlier_version():
    make_article("a", title="Royalties")
    with connection.cursor() as cursor:
        search_index.remove_index(connection)
        cursor.execute(
            "CREATE VIRTUAL TABLE articles_search "
            "USING fts5 (entries, content='', prefix='1 2', tokenize='ascii')"
        )
    call_command("migrate", verbosity=0)
    make_article("b", title="Royalties")
    assert search_slugs("royalties") == ["b", "a"]


def test_new_index_contains_existing_articles():
    make_article("a", title="Royalties")
    make_article("draft", title="Royalties", status="draft")
    connection.check_constraints()  # PostgreSQL does not alter a table with pending checks
    search_index.remove_index(connection)
    search_index.install_index(connection)
    assert search_slugs("royalties") == ["a"]


# Characters newer than SQLite's Unicode tables, operators of either database's query language, and text that
# looks like the mark of the language.
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
def test_special_characters_mean_the_same_on_both_databases(body, query, hit):
    make_article("a", title="T", summary="", body=body)
    assert search_slugs(query) == (["a"] if hit else [])


def test_texts_of_any_size_can_be_indexed():
    distinct = "".join(
        chr(0x4E00 + n % 20_000) + chr(0x4E00 + (n * 7 + n // 20_000) % 20_000) for n in range(95_000)
    )
    body = "\n\n".join(distinct[start : start + 900] for start in range(0, len(distinct), 900))
    make_article("a", title="开头", body=body, language="zh-hans")
    assert search_slugs("开头", "zh-hans") == ["a"]


@pytest.mark.parametrize(
    ("count", "message"),
    [(2, "2 articles"), (3, "3 articles"), (4, "More than 3 articles have this."), (6, "More than 3")],
)
def test_search_returns_the_newest_of_too_many_results(monkeypatch, stranger, count, message):
    monkeypatch.setattr(search, "MAX_RESULTS", 3)
    monkeypatch.setattr("articles.views.MAX_RESULTS", 3)
    for n in range(count):
        make_article(f"a{n}", title="Patents")
    page = stranger.get("/search/?q=patents")
    assert [article.slug for article in page.context["page_obj"]] == [
        f"a{n}" for n in reversed(range(count))
    ][:3]
    assert message in page.content.decode()


def test_terms_in_the_text_and_in_an_author_name_combine():
    make_article("hit", body="Royalties.", authors=[make_author(name_en="Marcus Feld")])
    make_article("other-text", body="Pledges.", authors=[make_author(name_en="Marcus Feldman")])
    make_article("other-author", body="Royalties.", authors=[make_author(name_en="Zhou Min")])
    assert search_slugs("feld royalties") == ["hit"]

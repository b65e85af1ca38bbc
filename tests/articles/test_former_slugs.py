"""Old addresses of pages, topics and authors, and slugs in other Unicode forms: where they lead."""

import importlib
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote, unquote

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from articles.former_slugs import save_with_redirects
from articles.models import Author, FormerSlug, Page, SlugRedirect, Topic
from articles.services import create_article, publish, save_draft, take_down, unpublish
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_page, make_topic

from .test_slug_ownership import at_once

pytestmark = pytest.mark.django_db


def published_author(slug: str) -> Author:
    author = make_author(slug)
    make_article(authors=[author])
    return author


KINDS: dict[str, tuple[Callable[..., models.Model], str]] = {
    "page": (make_page, "/{}/"),
    "topic": (make_topic, "/topics/{}/"),
    "author": (published_author, "/authors/{}/"),
}


@pytest.fixture(params=KINDS)
def kind(request) -> tuple[Callable[..., models.Model], str]:
    """How one of a kind is made, and its path."""
    return KINDS[request.param]


def move(instance: Page | Topic | Author, slug: str) -> None:
    instance = type(instance).objects.get(pk=instance.pk)
    instance.slug = slug
    save_with_redirects(instance)


def leads_to(client, path: str) -> str | int:
    """The decoded path that a permanent redirect leads to, else the status."""
    response = client.get(path)
    if response.status_code != 301:
        return response.status_code
    assert response["Cache-Control"] == "no-cache"
    return unquote(response["Location"])


def test_old_slugs_redirect_to_the_present_one_in_one_step(kind, stranger):
    make, path = kind
    instance = make("a")
    move(instance, "b")
    move(instance, "新-c")

    assert [leads_to(stranger, path.format(slug)) for slug in ("a", "b", "新-c")] == [
        path.format("新-c"),
        path.format("新-c"),
        200,
    ]


def test_slug_returns_without_a_loop(kind, stranger):
    make, path = kind
    instance = make("a")
    for slug in ("b", "a", "c", "a"):
        move(instance, slug)

    assert [leads_to(stranger, path.format(slug)) for slug in "abc"] == [
        200,
        path.format("a"),
        path.format("a"),
    ]


def test_slug_taken_over_leads_to_its_new_owner(kind, stranger):
    make, path = kind
    first = make("a")
    move(first, "b")
    second = make("other")
    move(second, "a")
    assert leads_to(stranger, path.format("a")) == 200

    move(second, "z")
    assert leads_to(stranger, path.format("a")) == path.format("z")
    assert leads_to(stranger, path.format("b")) == 200


def test_deletion_ends_the_redirects(kind, stranger):
    make, path = kind
    instance = make("a")
    move(instance, "b")
    with public_write(instance):
        if isinstance(instance, Author):
            instance.bylines.all().delete()
        instance.delete()

    assert leads_to(stranger, path.format("a")) == 404
    assert not FormerSlug.objects.exists()


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("rest", ["", "page/2/", "feed/"])
@pytest.mark.parametrize("kind", ["topic", "author"], indirect=True)
def test_lists_and_feeds_redirect_in_both_languages(kind, prefix, rest, stranger):
    make, path = kind
    instance = make("a")
    move(instance, "b")
    assert leads_to(stranger, f"{prefix}{path.format('a')}{rest}") == f"{prefix}{path.format('b')}{rest}"


def test_pages_of_the_languages_are_kept_apart(stranger):
    english = make_page("about")
    make_page("about", language="zh-hans", translation_key=english.translation_key)
    move(english, "about-us")

    assert leads_to(stranger, "/about/") == "/about-us/"
    assert leads_to(stranger, "/zh-hans/about/") == 200
    assert leads_to(stranger, "/zh-hans/about-us/") == 404


def test_old_slug_reveals_no_author_without_public_articles(stranger):
    author = make_author("a")
    article = make_article(authors=[author])
    move(author, "secret-name")
    assert leads_to(stranger, "/authors/a/") == "/authors/secret-name/"

    unpublish(article)
    assert leads_to(stranger, "/authors/a/") == 404


def test_redirect_has_exactly_one_target():
    page, topic = make_page(), make_topic()
    for wrong in ({}, {"page": page}, {"page": page, "topic": topic, "language": "en"}):
        with pytest.raises(IntegrityError), transaction.atomic(), public_write():
            FormerSlug(slug="x", **wrong).save()


FORMS = {
    "NFD": lambda slug: unicodedata.normalize("NFD", slug),
    "NFKD": lambda slug: unicodedata.normalize("NFKD", slug),
    "NFKC": lambda slug: unicodedata.normalize("NFKC", slug),
    "capitals": str.upper,
    "decomposed capitals": lambda slug: unicodedata.normalize("NFD", slug.upper()),
}
SLUGS = ["café-crème", "がぎぐ", "한글", "ﬁnance", "ＡＩ-专利", "Straße", "Việt-Nam", "ЙОД"]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("slug", SLUGS)
def test_any_form_of_a_slug_redirects_to_the_stored_one(kind, slug, form, stranger):
    make, path = kind
    move(make("before"), slug)
    requested = form(slug)

    found = leads_to(stranger, path.format(quote(requested)))
    assert found == (200 if requested == slug else path.format(slug))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("rest", ["", "comments/feed/"])
def test_any_form_of_an_articles_slug_redirects_to_the_stored_one(slug, form, rest, stranger):
    make_article(slug)
    requested = form(slug)
    found = leads_to(stranger, f"/articles/{quote(requested)}/{rest}")
    assert found == (200 if requested == slug else f"/articles/{slug}/{rest}")


def test_any_form_of_an_articles_old_slug_redirects(stranger):
    article = make_article("café")
    save_draft(article, slug="coffee")
    publish(article)
    for form in ("café", "cafe\u0301", "CAFÉ"):
        assert leads_to(stranger, f"/articles/{quote(form)}/") == "/articles/coffee/"


def test_percent_signs_of_either_case_are_the_same(stranger):
    make_article("专利", language="zh-hans")
    for path in (quote("专利"), quote("专利").lower()):
        assert leads_to(stranger, f"/zh-hans/articles/{path}/") == 200


def test_other_form_of_a_hidden_or_expired_slug(stranger):
    hidden, expired = make_article("café"), make_article("thé")
    unpublish(hidden)
    take_down(expired)
    assert leads_to(stranger, quote("/articles/cafe\u0301/")) == 404
    assert leads_to(stranger, quote("/articles/the\u0301/")) == "/articles/thé/"
    assert leads_to(stranger, "/articles/thé/") == 410


def test_slug_of_its_own_wins_over_another_form(stranger):
    make_article("about")
    make_article("About")
    assert [leads_to(stranger, f"/articles/{slug}/") for slug in ("about", "About", "ABOUT")] == [
        200,
        200,
        "/articles/about/",
    ]
    assert not SlugRedirect.objects.exists()


@pytest.mark.parametrize("slug", ["⒈", "﷽", "㈠", "ﷺ" * 20, "İstanbul"])
def test_slug_whose_folded_form_is_no_address_is_published_all_the_same(slug, stranger):
    """Its folded form has a dot, blanks or brackets, or is too long for a row."""
    article = create_article(title="T", body="Text.", slug=f"x-{slug}" if slug.isalnum() else "x")
    publish(article)
    assert leads_to(stranger, article.get_absolute_url()) == 200


@pytest.mark.parametrize("path", ["/articles/a\u200bb/", "/\u2028/", "/topics/😀/", "/a\u0085b/"])
def test_paths_with_other_characters_are_not_found(path, stranger):
    assert leads_to(stranger, quote(path)) == 404


@pytest.mark.parametrize("query", ["utm=x&y=%E4%B8%93", "?", "a=b?c", "x=%0d%0aSet-Cookie:%20a=b"])
def test_query_survives_the_redirect(query, kind, stranger):
    make, path = kind
    move(make("a"), "b")
    response = stranger.get(f"{path.format('a')}?{query}")
    assert response["Location"] == f"{path.format('b')}?{query}"


def test_migration_lets_stored_slugs_be_found_in_other_forms(stranger):
    migration = importlib.import_module("articles.migrations.0005_addresses")
    for slug in ("Café", "about", "About", "plain"):
        make_article(slug)
    draft = create_article(title="T", slug="Draft")
    topic = make_topic("Müller")
    page = make_page("Über", language="zh-hans")
    with public_write():
        SlugRedirect.objects.all().delete()

    for _ in range(2):  # it may be run again
        with public_write():  # a migration's own models know no guard
            migration.redirect_other_forms(apps, type("Editor", (), {"connection": connection}))

    assert [(old.slug, old.article.slug) for old in SlugRedirect.objects.all()] == [("café", "Café")]
    assert set(FormerSlug.objects.values_list("slug", "topic", "page", "language")) == {
        ("müller", topic.pk, None, ""),
        ("über", None, page.pk, "zh-hans"),
    }
    assert leads_to(stranger, quote("/zh-hans/ÜBER/")) == "/zh-hans/Über/"
    assert not draft.old_slugs.exists()


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_simultaneous_moves_leave_one_redirect():
    topic = make_topic("a")
    refused = at_once(lambda: move(topic, "b"), times=4)

    assert refused == []
    assert list(topic.old_slugs.values_list("slug", flat=True)) == ["a"]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_simultaneous_moves_to_one_slug_break_nothing(stranger):
    topics = [make_topic(f"t{n}") for n in range(4)]
    waiting = iter(topics)
    refused = at_once(lambda: move(next(waiting), "same"), times=4)

    assert {type(error) for error in refused} == {IntegrityError}
    assert len(refused) == 3
    owner = Topic.objects.get(slug="same")
    old_slug = topics[[topic.pk for topic in topics].index(owner.pk)].slug
    assert [(old.slug, old.topic) for old in FormerSlug.objects.all()] == [(old_slug, owner)]


def test_taken_down_article_with_capitals_in_its_slug_is_gone(stranger):
    article = create_article(title="AI", slug="AI-2026", body="A text.")
    publish(article)
    assert leads_to(stranger, "/articles/ai-2026/") == "/articles/AI-2026/"
    take_down(article)
    assert leads_to(stranger, "/articles/AI-2026/") == 410


def test_slug_in_another_form_can_be_taken_and_left_again(stranger):
    article = create_article(title="AI", slug="AI", body="A text.")
    publish(article, at=timezone.now() + timedelta(days=1))
    save_draft(article, slug="ai")
    publish(article, at=timezone.now())
    save_draft(article, slug="new")
    publish(article)
    assert leads_to(stranger, "/articles/ai/") == "/articles/new/"

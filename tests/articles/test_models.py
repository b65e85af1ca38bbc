"""Constraints of the database, and the permissions of the groups."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

import accounts.urls
import articles.urls
import comments.urls
import ictiger.urls
from articles.models import (
    RESERVED_SLUGS,
    Article,
    ArticleTopic,
    Author,
    Byline,
    Draft,
    Page,
    Publication,
    SlugRedirect,
    Status,
    Topic,
)
from ictiger.pagecache.guard import WriteOutsidePublicWrite
from ictiger.pagecache.models import PublicModel
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_page, make_publication, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(db) -> dict:
    article = make_article("a", topics=[make_topic("t")], authors=[make_author("u")])
    page, publication = make_page("about"), make_publication("en")
    return {
        "article": article,
        "page": page,
        "publication": publication,
        "topic": Topic.objects.get(),
        "author": Author.objects.get(),
    }


NOW = timezone.now()

REFUSED = {
    "same slug and language": lambda _r: Article(title="T", slug="a"),
    "same translation twice": lambda r: Article(
        title="T", slug="b", translation_key=r["article"].translation_key
    ),
    "unknown status": lambda _r: Article(title="T", slug="b", status="gone"),
    "published without time": lambda _r: Article(title="T", slug="b", status=Status.PUBLISHED),
    "ends before it begins": lambda _r: Article(
        title="T", slug="b", publish_at=NOW, expires_at=NOW - timedelta(seconds=1)
    ),
    "unknown language": lambda _r: Article(title="T", slug="b", language="fr"),
    "empty slug": lambda _r: Article(title="T", slug=""),
    "slash in slug": lambda _r: Article(title="T", slug="a/b"),
    "dot in slug": lambda _r: Article(title="T", slug="a.b"),
    "author twice": lambda r: Byline(article=r["article"], author=r["author"]),
    "topic twice": lambda r: ArticleTopic(article=r["article"], topic=r["topic"]),
    "topic slug twice": lambda _r: Topic(slug="t", name_en="T", name_zh="题"),
    "author slug twice": lambda _r: Author(slug="u", name_en="U"),
    "slash in topic": lambda _r: Topic(slug="a/b", name_en="T", name_zh="题"),
    "dot in author": lambda _r: Author(slug="a.b", name_en="U"),
    "page twice": lambda _r: Page(slug="about", title="T"),
    "page in unknown language": lambda _r: Page(slug="b", title="T", language="fr"),
    "publication twice": lambda _r: Publication(language="en"),
    "publication in unknown language": lambda _r: Publication(language="fr"),
    "redirect in unknown language": lambda r: SlugRedirect(language="fr", slug="x", article=r["article"]),
    "draft twice": lambda r: Draft(article=r["article"], title="T", slug="x"),
    **{f"page called {slug}": lambda _r, slug=slug: Page(slug=slug, title="T") for slug in RESERVED_SLUGS},
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_database_constraint_refuses(make, rows):
    row = make(rows)
    with pytest.raises(IntegrityError), public_write():
        row.save()


def test_redirect_slug_is_unique(rows):
    with public_write():
        SlugRedirect(language="en", slug="x", article=rows["article"]).save()
    with pytest.raises(IntegrityError), public_write():
        SlugRedirect(language="en", slug="x", article=make_article("b")).save()


def test_first_segments_of_all_urls_are_reserved():
    """A page with such a slug could not be reached, or would hide another view."""
    patterns = [*ictiger.urls.urlpatterns, *ictiger.urls.urlpatterns[-1].url_patterns]
    for module in (accounts.urls, comments.urls, articles.urls):
        patterns += module.urlpatterns
    segments = {str(pattern.pattern).split("/")[0] for pattern in patterns if "/" in str(pattern.pattern)}
    plain = {segment for segment in segments if segment and "<" not in segment}

    assert plain >= {"admin", "accounts", "articles", "comments", "me", "topics", "search", "feed", "preview"}
    assert plain - set(RESERVED_SLUGS) == set()


def test_public_models_refuse_writes_outside_public_write():
    public = [
        model for model in apps.get_app_config("articles").get_models() if issubclass(model, PublicModel)
    ]
    assert {model.__name__ for model in public} >= {
        "Article",
        "Author",
        "Byline",
        "Image",
        "Page",
        "Publication",
        "SlugRedirect",
        "Topic",
    }
    for model in public:
        for write in (
            model().save,
            model.objects.all().delete,
            lambda model=model: model.objects.update(pk=1),
            lambda model=model: model.objects.bulk_create([model()]),
            lambda model=model: model.objects.bulk_update([model(pk=1)], ["pk"]),
        ):
            with pytest.raises(WriteOutsidePublicWrite):
                write()


def test_public_and_is_public_agree():
    hour = timedelta(hours=1)
    for publish_at, expires_at in [(-hour, None), (hour, None), (-hour, hour), (-2 * hour, -hour)]:
        article = make_article(
            publish_at=timezone.now() + publish_at,
            expires_at=timezone.now() + expires_at if expires_at else None,
        )
        assert Article.objects.public().filter(pk=article.pk).exists() == article.is_public


def test_author_group_may_write_but_not_publish(author):
    assert author.has_perms(
        ["articles.add_article", "articles.change_article", "articles.view_article", "articles.change_draft"]
    )
    for right in (
        "publish_article",
        "delete_article",
        "change_image",
        "change_page",
        "change_publication",
        "change_author",
        "change_byline",
    ):
        assert not author.has_perm(f"articles.{right}")


def test_editor_group_has_all_permissions_on_articles_except_history(editor):
    codenames = Permission.objects.filter(content_type__app_label="articles").values_list(
        "codename", flat=True
    )
    missing = {codename for codename in codenames if not editor.has_perm(f"articles.{codename}")}
    assert missing == {
        f"{verb}_{model}"
        for verb in ("add", "change", "delete")
        for model in ("historicaldraft", "historicalpage")
    }


def test_groups_have_no_other_permissions_than_the_editors_discussion_switch(author, editor):
    switch = {
        f"comments.{verb}_{model}"
        for verb in ("view", "change")
        for model in ("sitecommentsettings", "discussion")
    }
    for user, others in ((author, set()), (editor, switch)):
        assert {right for right in user.get_all_permissions() if not right.startswith("articles.")} == others


def test_group_migration_is_idempotent_and_reversible():
    migration = importlib.import_module("articles.migrations.0001_initial")
    addresses = importlib.import_module("articles.migrations.0005_addresses")
    with connection.schema_editor() if connection.vendor != "sqlite" else transaction.atomic() as editor:
        editor = editor or type("Editor", (), {"connection": connection})

        def rights() -> int:
            return (
                Group.objects.get(name="Editor")
                .permissions.filter(content_type__app_label="articles")
                .count()
            )

        before = rights()
        migration.make_groups(apps, editor)
        addresses.give_editors_rights(apps, editor)
        assert rights() == before
        migration.remove_groups(apps, editor)
        assert not Group.objects.filter(name__in=["Author", "Editor"]).exists()
        migration.make_groups(apps, editor)
        addresses.give_editors_rights(apps, editor)
        assert rights() == before

"""The history of drafts and pages: the list of versions, their changes, and restoring one."""

import time

import pytest
from django.urls import reverse

from articles.models import Draft, Page
from ictiger.core.text_diff import ChangeKind, diff_texts
from tests.factories import make_article, make_image, make_page

from .form_client import edit, fields_of, messages_of


def history_url(article) -> str:
    return reverse("admin:articles_article_history", args=[article.pk])


def version_url(article, **text) -> str:
    version = article.draft.history.filter(**text).latest()
    return reverse("admin:articles_article_version", args=[article.pk, version.pk])


def test_history_shows_user_and_changed_fields(editor_client, client_of, author):
    article = make_article(created_by=author)
    edit(editor_client, article, title="By the editor")
    edit(client_of(author), article, body="By the author", summary="Both")

    newest, second, *_ = editor_client.get(history_url(article)).context["page_obj"]

    assert (newest.history_user.email, [change.label for change in newest.changed]) == (
        "author@example.org",
        ["Summary", "Body"],
    )
    assert (second.history_user.email, [change.label for change in second.changed]) == (
        "editor@example.org",
        ["Title"],
    )


def test_version_shows_what_has_changed_since(editor_client):
    article = make_article(body="One line.\n\nAnother line.")
    edit(editor_client, article, body="One line.\n\nAnother, longer line.")

    page = editor_client.get(version_url(article, body="One line.\n\nAnother line.")).content.decode()

    assert "<ins>, longer</ins>" in page


def test_version_is_restored_into_the_draft_only(editor_client):
    article = make_article(title="First", body="First text.", cover=make_image())
    edit(editor_client, article, title="Second", body="Second text.", cover="", press="_publish")

    response = editor_client.post(version_url(article, title="First"))

    assert response.url == reverse("admin:articles_article_change", args=[article.pk])
    article.refresh_from_db()
    assert (article.draft.title, article.draft.body) == ("First", "First text.")
    assert article.draft.cover is not None
    assert (article.title, article.body) == ("Second", "Second text.")
    assert article.draft.history.filter(title="Second").exists()


def test_restoring_a_taken_slug_shows_an_error(editor_client):
    article = make_article("first", status="draft")
    edit(editor_client, article, slug="second")
    make_article("first", title="Newcomer")

    response = editor_client.post(version_url(article, slug="first"), follow=True)

    assert any("taken by “Newcomer”" in message for message in messages_of(response))
    assert Draft.objects.get(article=article).slug == "second"


def test_restored_version_keeps_the_present_address(editor_client):
    article = make_article("first", title="First", body="First text.")
    edit(editor_client, article, slug="second", title="Second", body="Second text.", press="_publish")
    url = version_url(article, title="First")
    assert "the present one stays" in editor_client.get(url).content.decode()

    editor_client.post(url)

    draft = Draft.objects.get(article=article)
    assert (draft.title, draft.body, draft.slug) == ("First", "First text.", "second")


def test_restored_version_of_an_article_nobody_has_seen_brings_its_address(editor_client):
    article = make_article("first", status="draft", publish_at=None)
    edit(editor_client, article, slug="second")
    url = version_url(article, slug="first")
    assert "the present one stays" not in editor_client.get(url).content.decode()

    editor_client.post(url)

    article.refresh_from_db()
    assert (article.slug, article.draft.slug) == ("first", "first")


def test_restored_page_keeps_the_present_address(editor_client):
    page = make_page("first", body="First text.")
    url = reverse("admin:articles_page_change", args=[page.pk])
    form = fields_of(editor_client.get(url), "page_form")
    editor_client.post(url, {**form, "body": "Second text.", "slug": "second"})
    version = page.history.filter(slug="first").latest()

    editor_client.post(reverse("admin:articles_page_version", args=[page.pk, version.pk]))

    page.refresh_from_db()
    assert (page.slug, page.body) == ("second", "First text.")


def test_version_of_another_article_is_not_found(editor_client):
    article, other = make_article(), make_article()
    url = reverse("admin:articles_article_version", args=[article.pk, other.draft.history.first().pk])

    assert editor_client.get(url).status_code == 404
    assert editor_client.post(url).status_code == 404


@pytest.mark.parametrize("count", [1, 15])
def test_queries_do_not_grow_with_the_versions(editor_client, count, django_assert_num_queries):
    article = make_article()
    for number in range(count):
        edit(editor_client, article, title=f"Title {number}")
    editor_client.get(history_url(article))

    with django_assert_num_queries(9):
        editor_client.get(history_url(article))


def test_history_is_paginated(editor_client):
    article = make_article()
    for number in range(25):
        edit(editor_client, article, title=f"Title {number}")

    first, second = (
        editor_client.get(history_url(article), {"p": number}).context["page_obj"] for number in (1, 2)
    )

    assert [len(first.object_list), first.paginator.count] == [20, article.draft.history.count()]
    assert [change.label for change in first.object_list[19].changed] == ["Title"]
    assert second.object_list[-1].changed == []


def test_page_is_restored_and_rendered(editor_client):
    page = make_page()
    url = reverse("admin:articles_page_change", args=[page.pk])
    for body in ("First text.", "Second text."):
        editor_client.post(url, {**fields_of(editor_client.get(url), "page_form"), "body": body})
    version = page.history.filter(body="First text.").latest()

    editor_client.post(reverse("admin:articles_page_version", args=[page.pk, version.pk]))

    assert "First text." in Page.objects.get().body_html


def test_history_has_no_inline_style_or_script(editor_client):
    article = make_article()
    edit(editor_client, article, body="New.")
    for url in (history_url(article), version_url(article, title=article.title)):
        html = editor_client.get(url).content.decode()
        assert "style=" not in html
        assert "<style" not in html
        assert "<script>" not in html


def diff_of(old: str, new: str) -> list[list[tuple[str, str]]]:
    return [[(part.kind, part.text) for part in block] for block in diff_texts(old, new)]


def test_equal_texts_have_no_diff():
    assert diff_of("a\nb", "a\nb") == []


def test_chinese_is_compared_by_characters():
    [block] = diff_of("专利池的许可", "专利池的收费")

    assert block == [(ChangeKind.SAME, "专利池的"), (ChangeKind.REMOVED, "许可"), (ChangeKind.ADDED, "收费")]


def test_diff_omits_unchanged_lines_far_from_a_change():
    lines = [f"line {number}" for number in range(20)]
    changed = [*lines[:10], "new", *lines[10:]]

    kinds = [block[0][0] for block in diff_of("\n".join(lines), "\n".join(changed))]

    assert kinds == [ChangeKind.GAP, ChangeKind.SAME, ChangeKind.ADDED, ChangeKind.SAME, ChangeKind.GAP]


def test_diff_of_huge_texts_is_not_empty():
    old, new = "\n" * 100_000 + "word " * 20_000, "\n" * 90_000 + "other " * 20_000

    assert diff_texts(old, new)


def alternating(word: str, between: str, count: int) -> str:
    """`count` unchanged numbers, each followed by `word`."""
    return between.join(f"{number}{between}{word}" for number in range(count))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (alternating("old", "\n", 12_000), alternating("new", "\n", 12_000)),
        (
            "\n==\n".join([alternating("old", " ", 700)] * 40),
            "\n==\n".join([alternating("new", " ", 700)] * 40),
        ),
    ],
    ids=["lines", "words"],
)
def test_diff_of_many_changes_takes_bounded_time(old, new):
    began = time.process_time()
    parts = [part for block in diff_texts(old, new) for part in block]
    assert time.process_time() - began < 3
    assert {ChangeKind.REMOVED, ChangeKind.ADDED} <= {part.kind for part in parts}

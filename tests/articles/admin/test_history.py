"""The versions of a draft and of a page: the list, what has changed since, and the way back."""

import time

import pytest
from django.urls import reverse

from articles.models import Draft, Page
from ictiger.core.text_diff import ChangeKind, diff_texts
from tests.factories import make_article, make_image, make_page

from .desk import edit, fields_of, messages_of


@pytest.fixture
def desk(client_of, editor):
    return client_of(editor)


def history(article) -> str:
    return reverse("admin:articles_article_history", args=[article.pk])


def version_url(article, **text) -> str:
    version = article.draft.history.filter(**text).latest()
    return reverse("admin:articles_article_version", args=[article.pk, version.pk])


def test_history_tells_who_saved_what(desk, client_of, author):
    article = make_article(created_by=author)
    edit(desk, article, title="By the editor")
    edit(client_of(author), article, body="By the author", summary="Both")

    newest, second, *_ = desk.get(history(article)).context["page_obj"]

    assert (newest.history_user.email, [change.label for change in newest.changed]) == (
        "author@example.org",
        ["Summary", "Body"],
    )
    assert (second.history_user.email, [change.label for change in second.changed]) == (
        "editor@example.org",
        ["Title"],
    )


def test_version_shows_what_has_changed_since(desk):
    article = make_article(body="One line.\n\nAnother line.")
    edit(desk, article, body="One line.\n\nAnother, longer line.")

    page = desk.get(version_url(article, body="One line.\n\nAnother line.")).content.decode()

    assert "<ins>, longer</ins>" in page


def test_version_is_restored_into_the_draft_alone(desk):
    article = make_article(title="First", body="First text.", cover=make_image())
    edit(desk, article, title="Second", body="Second text.", cover="", press="_publish")

    response = desk.post(version_url(article, title="First"))

    assert response.url == reverse("admin:articles_article_change", args=[article.pk])
    article.refresh_from_db()
    assert (article.draft.title, article.draft.body) == ("First", "First text.")
    assert article.draft.cover is not None
    assert (article.title, article.body) == ("Second", "Second text.")
    assert article.draft.history.filter(title="Second").exists()


def test_restoring_a_taken_slug_is_refused_in_words(desk):
    article = make_article("first", status="draft")
    edit(desk, article, slug="second")
    make_article("first", title="Newcomer")

    response = desk.post(version_url(article, slug="first"), follow=True)

    assert any("taken by “Newcomer”" in message for message in messages_of(response))
    assert Draft.objects.get(article=article).slug == "second"


def test_version_of_another_article_is_not_found(desk):
    mine, other = make_article(), make_article()
    url = reverse("admin:articles_article_version", args=[mine.pk, other.draft.history.first().pk])

    assert desk.get(url).status_code == 404
    assert desk.post(url).status_code == 404


@pytest.mark.parametrize("count", [1, 15])
def test_queries_do_not_grow_with_the_versions(desk, count, django_assert_num_queries):
    article = make_article()
    for number in range(count):
        edit(desk, article, title=f"Title {number}")
    desk.get(history(article))

    with django_assert_num_queries(8):
        desk.get(history(article))


def test_long_history_has_pages(desk):
    article = make_article()
    for number in range(25):
        edit(desk, article, title=f"Title {number}")

    first, second = (desk.get(history(article), {"p": number}).context["page_obj"] for number in (1, 2))

    assert [len(first.object_list), first.paginator.count] == [20, article.draft.history.count()]
    assert [change.label for change in first.object_list[19].changed] == ["Title"]
    assert second.object_list[-1].changed == []


def test_page_is_restored_and_rendered(desk):
    page = make_page()
    url = reverse("admin:articles_page_change", args=[page.pk])
    for body in ("First text.", "Second text."):
        desk.post(url, {**fields_of(desk.get(url), "page_form"), "body": body})
    version = page.history.filter(body="First text.").latest()

    desk.post(reverse("admin:articles_page_version", args=[page.pk, version.pk]))

    assert "First text." in Page.objects.get().body_html


def test_nothing_is_inline(desk):
    article = make_article()
    edit(desk, article, body="New.")
    for url in (history(article), version_url(article, title=article.title)):
        html = desk.get(url).content.decode()
        assert "style=" not in html
        assert "<style" not in html
        assert "<script>" not in html


# --- the comparison ------------------------------------------------------------------------------------------------------------------


def shown(old: str, new: str) -> list[list[tuple[str, str]]]:
    return [[(part.kind, part.text) for part in block] for block in diff_texts(old, new)]


def test_equal_texts_have_no_passages():
    assert shown("a\nb", "a\nb") == []


def test_chinese_is_compared_by_characters():
    [block] = shown("专利池的许可", "专利池的收费")

    assert block == [(ChangeKind.SAME, "专利池的"), (ChangeKind.REMOVED, "许可"), (ChangeKind.ADDED, "收费")]


def test_unchanged_lines_far_from_a_change_are_left_out():
    lines = [f"line {number}" for number in range(20)]
    changed = [*lines[:10], "new", *lines[10:]]

    kinds = [block[0][0] for block in shown("\n".join(lines), "\n".join(changed))]

    assert kinds == [ChangeKind.GAP, ChangeKind.SAME, ChangeKind.ADDED, ChangeKind.SAME, ChangeKind.GAP]


def test_huge_texts_are_compared_in_bounded_time():
    old, new = "\n" * 100_000 + "word " * 20_000, "\n" * 90_000 + "other " * 20_000

    assert diff_texts(old, new)


def numbered(word: str, between: str, count: int) -> str:
    """Something that stayed and something that changed, in turns."""
    return between.join(f"{number}{between}{word}" for number in range(count))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (numbered("old", "\n", 12_000), numbered("new", "\n", 12_000)),
        ("\n==\n".join([numbered("old", " ", 700)] * 40), "\n==\n".join([numbered("new", " ", 700)] * 40)),
    ],
    ids=["lines", "words"],
)
def test_what_takes_long_to_match_is_shown_as_replaced_whole(old, new):
    began = time.process_time()
    parts = [part for block in diff_texts(old, new) for part in block]
    assert time.process_time() - began < 3
    assert {ChangeKind.REMOVED, ChangeKind.ADDED} <= {part.kind for part in parts}

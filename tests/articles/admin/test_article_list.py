"""The admin's list of articles: columns, filters, search, bulk actions."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from articles.admin.article_list import PublishedFilter
from articles.models import Article, Status
from articles.services import save_draft
from comments.models import Discussion
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_image, make_topic

from .form_client import messages_of

LIST = "/admin/articles/article/"
NOW, DAY = timezone.now(), timedelta(days=1)


def slugs(response) -> list[str]:
    return [article.slug for article in response.context["cl"].result_list]


def cell(response, name: str) -> str:
    """The text of a cell of the only row."""
    html = response.content.decode()
    return html.split(f'class="field-{name}')[1].split(">", 1)[1].split("</t")[0]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.DRAFT}, "draft"),
        ({"status": Status.IN_REVIEW}, "in review"),
        ({}, "published"),
        (
            {"publish_at": datetime(2040, 1, 2, 8, 30, 15, tzinfo=ZoneInfo("Asia/Shanghai"))},
            "scheduled for 2 Jan 2040, 08:30:15",
        ),
        (
            {"expires_at": datetime(2040, 1, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))},
            "published, until 2 Jan 2040, 08:30",
        ),
        (
            {
                "publish_at": datetime(2020, 1, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
                "expires_at": datetime(2021, 1, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
            },
            "taken down, 2 Jan 2021, 08:30",
        ),
    ],
)
def test_state_column_describes_the_status(editor_client, fields, words):
    make_article(**fields)

    assert words in cell(editor_client.get(LIST), "state")


@pytest.mark.parametrize(
    "text",
    [{"body": "New."}, {"title": "New"}, {"seo_title": "New"}, {"cover": "new"}],
    ids=["body", "title", "seo_title", "cover"],
)
def test_state_column_shows_unpublished_changes(editor_client, text):
    article = make_article()
    assert "unpublished changes" not in cell(editor_client.get(LIST), "state")

    save_draft(article, **{name: make_image() if name == "cover" else value for name, value in text.items()})

    assert "has unpublished changes" in cell(editor_client.get(LIST), "state")
    assert slugs(editor_client.get(LIST, {"state": "changed"})) == [article.slug]


def test_article_with_the_same_cover_has_no_unpublished_changes(editor_client):
    make_article(cover=make_image())

    assert "unpublished changes" not in cell(editor_client.get(LIST), "state")


def test_public_article_is_linked_to_its_page(editor_client):
    make_article("a")

    assert 'href="/articles/a/"' in cell(editor_client.get(LIST), "state")


def test_hidden_article_has_no_link(editor_client):
    make_article("a", status=Status.DRAFT)

    assert "/articles/a/" not in editor_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("draft", ["draft"]),
        ("in_review", ["in-review"]),
        ("scheduled", ["scheduled"]),
        ("public", ["public"]),
        ("expired", ["expired"]),
        ("changed", []),
        ("nonsense", ["draft", "expired", "in-review", "public", "scheduled"]),
    ],
)
def test_list_is_filtered_by_state(editor_client, state, expected):
    make_article("draft", status=Status.DRAFT)
    make_article("in-review", status=Status.IN_REVIEW)
    make_article("scheduled", publish_at=NOW + DAY)
    make_article("public")
    make_article("expired", publish_at=NOW - 2 * DAY, expires_at=NOW - DAY)

    assert sorted(slugs(editor_client.get(LIST, {"state": state}))) == expected


def test_list_is_filtered_by_language_topic_and_author(editor_client):
    topic, person = make_topic(), make_author()
    make_article("a", topics=[topic])
    make_article("b", authors=[person])
    make_article("c", language="zh-hans")

    assert slugs(editor_client.get(LIST, {"language__exact": "zh-hans"})) == ["c"]
    assert slugs(editor_client.get(LIST, {"topics__id__exact": topic.pk})) == ["a"]
    assert slugs(editor_client.get(LIST, {"authors__id__exact": person.pk})) == ["b"]


@pytest.mark.parametrize("query", ["Found", "found-slug", "Finding", "已找到"])
def test_search_covers_drafts(editor_client, query):
    make_article("other")
    save_draft(make_article("a"), title="Found 已找到", slug="found-slug", summary="Finding it")

    assert slugs(editor_client.get(LIST, {"q": query})) == ["a"]


def test_unpublished_articles_are_listed_first(editor_client):
    make_article("old", publish_at=NOW - 9 * DAY)
    make_article("draft", status=Status.DRAFT)
    make_article("new")

    assert slugs(editor_client.get(LIST)) == ["draft", "new", "old"]


def test_list_is_filtered_by_date(editor_client):
    make_article("old", publish_at=datetime(2020, 5, 5, tzinfo=ZoneInfo("UTC")))
    make_article("new", publish_at=datetime(2024, 5, 5, tzinfo=ZoneInfo("UTC")))

    make_article("old-in-june", publish_at=datetime(2020, 6, 5, tzinfo=ZoneInfo("UTC")))

    assert slugs(editor_client.get(LIST, {"published": "2020"})) == ["old-in-june", "old"]
    assert slugs(editor_client.get(LIST, {"published": "2020-05"})) == ["old"]
    assert (
        slugs(editor_client.get(LIST, {"published": "2020-13"}))
        == slugs(editor_client.get(LIST, {"published": "9999"}))
        == slugs(editor_client.get(LIST))
    )


def test_date_filter_offers_months_of_the_chosen_year(editor_client):
    make_article("old", publish_at=datetime(2020, 5, 5, tzinfo=ZoneInfo("UTC")))
    make_article("new", publish_at=datetime(2022, 5, 5, tzinfo=ZoneInfo("UTC")))

    assert date_choices(editor_client.get(LIST)) == ["2022", "2021", "2020"]
    months = [f"2020-{month:02}" for month in range(12, 0, -1)]
    assert date_choices(editor_client.get(LIST, {"published": "2020-05"})) == [
        "2022",
        "2021",
        "2020",
        *months,
    ]


def date_choices(response) -> list[str]:
    (dates,) = [shown for shown in response.context["cl"].filter_specs if isinstance(shown, PublishedFilter)]
    return [value for value, _words in dates.lookup_choices]


@pytest.mark.parametrize("count", [1, 30])
def test_queries_do_not_grow_with_the_articles(editor_client, count, django_assert_num_queries):
    topics, authors = [make_topic(), make_topic()], [make_author(), make_author()]
    for _ in range(count):
        make_article(topics=topics, authors=authors, cover=make_image())
    editor_client.get(LIST)

    with django_assert_num_queries(QUERIES):
        response = editor_client.get(LIST)

    assert len(slugs(response)) == count


# Session, user, their rights (2); topics and authors to filter by; counts (1, and 1 of publications);
# rows, topics, bylines; the first date and the last.
QUERIES = 13


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_list_is_translated(editor_client, prefix):
    make_article("a", title="A title", topics=[make_topic("patents", name_en="Patents", name_zh="专利")])

    page = editor_client.get(f"{prefix}{LIST}").content.decode()

    assert "A title" in page
    assert ("专利" if prefix else "Patents") in page


def test_comments_of_both_languages_are_counted(editor_client):
    original = make_article()
    make_article("标题", language="zh-hans", translation_key=original.translation_key)
    with public_write():
        Discussion(key=original.translation_key, comments=7).save()

    assert [article.comment_count for article in editor_client.get(LIST).context["cl"].result_list] == [7, 7]


def test_long_texts_are_not_loaded(editor_client):
    make_article(body="x")

    [article] = editor_client.get(LIST).context["cl"].result_list

    assert {"body", "body_html", "search_text"} <= article.get_deferred_fields()
    assert "body" in article.draft.get_deferred_fields()


def run(client, action: str, *articles: Article):
    data = {"action": action, "_selected_action": [article.pk for article in articles], "index": "0"}
    return messages_of(client.post(LIST, data, follow=True))


def test_publishing_a_selection_reports_each_article(editor_client):
    ready = make_article(title="Ready", status=Status.DRAFT)
    empty = make_article(title="Empty", status=Status.DRAFT, body="")
    changed = make_article(title="Changed")
    save_draft(changed, body="New.")
    settled = make_article(title="Settled")

    messages = run(editor_client, "publish_selected", ready, empty, changed, settled)

    assert "“Empty” stays as it was: There is no text to publish yet." in messages
    assert "“Settled” stays as it was: readers already see this text" in messages
    [done] = [message for message in messages if message.startswith("Published")]
    assert "Ready" in done
    assert "Changed" in done
    for article in (ready, empty, changed):
        article.refresh_from_db()
    assert [ready.status, empty.status, changed.body] == [Status.PUBLISHED, Status.DRAFT, "New."]


@pytest.mark.parametrize(
    ("action", "applies_to", "status"),
    [
        ("submit_selected", ["draft"], Status.IN_REVIEW),
        ("return_selected", ["in review"], Status.DRAFT),
        ("unpublish_selected", ["public", "scheduled"], Status.DRAFT),
    ],
)
def test_action_applies_where_possible_and_names_the_rest(editor_client, action, applies_to, status):
    articles = {
        "draft": make_article(title="draft", status=Status.DRAFT),
        "in review": make_article(title="in review", status=Status.IN_REVIEW),
        "public": make_article(title="public"),
        "scheduled": make_article(title="scheduled", publish_at=NOW + DAY),
    }

    messages = run(editor_client, action, *articles.values())

    for name, article in articles.items():
        before = article.status
        article.refresh_from_db()
        assert article.status == (status if name in applies_to else before)
        assert any(message.startswith(f"“{name}” stays as it was") for message in messages) == (
            name not in applies_to
        )


def test_take_down_applies_to_public_articles_only(editor_client, stranger):
    public, draft = make_article("a"), make_article("b", status=Status.DRAFT)

    messages = run(editor_client, "take_down_selected", public, draft)

    assert stranger.get("/articles/a/").status_code == 410
    assert any("readers do not see it now" in message for message in messages)


def test_covers_are_drawn_for_those_without_one(editor_client):
    bare, covered = make_article(), make_article(cover=make_image())
    cover = covered.draft.cover

    run(editor_client, "draw_covers", bare, covered)

    for article in (bare, covered):
        article.draft.refresh_from_db()
    assert bare.draft.cover is not None
    assert covered.draft.cover == cover


def test_delete_selected_deletes_all(editor_client):
    articles = [make_article(status=Status.DRAFT) for _ in range(2)]
    data = {
        "action": "delete_selected",
        "_selected_action": [article.pk for article in articles],
        "post": "yes",
    }

    editor_client.post(LIST, data)

    assert not Article.objects.exists()

"""The admin's list of articles: columns, filters, search, bulk actions, schedule page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from articles.admin.article_list import PublishedFilter
from articles.models import Article, Status
from articles.services import save_draft
from comments.models import Discussion
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_image, make_topic

from .form_client import change_url, messages_of

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


def schedule_url(*articles: Article) -> str:
    return f"{LIST}schedule/?" + "&".join(f"article={article.pk}" for article in articles)


def test_schedule_action_redirects_to_the_schedule_page(editor_client):
    articles = [make_article(status=Status.DRAFT) for _ in range(2)]

    response = editor_client.post(
        LIST,
        {
            "action": "schedule_selected",
            "_selected_action": [article.pk for article in articles],
            "index": "0",
        },
    )

    assert set(response.url.split("?")[1].split("&")) == {f"article={article.pk}" for article in articles}


def test_schedule_names_the_time_zone(editor_client):
    page = editor_client.get(schedule_url(make_article(status=Status.DRAFT))).content.decode()

    assert "Asia/Shanghai (UTC+08:00)" in page


def test_selection_is_scheduled_where_possible(editor_client):
    draft, public = make_article(title="Draft", status=Status.DRAFT), make_article(title="Public")

    response = editor_client.post(
        schedule_url(draft, public), {"when_0": "2040-01-02", "when_1": "08:30:15"}, follow=True
    )

    messages = messages_of(response)
    assert "“Public” stays as it was: readers see it now; unpublish it first" in messages
    assert "Readers see these from 2 Jan 2040, 08:30:15 on: Draft." in messages
    draft.refresh_from_db()
    public.refresh_from_db()
    assert draft.publish_at.isoformat() == "2040-01-02T00:30:15+00:00"
    assert public.is_public


@pytest.mark.parametrize(
    ("day", "time", "error"),
    [
        ("2001-01-01", "10:00", "has passed"),
        ("", "", "required"),
        ("2040-02-30", "10:00", "valid date"),
        ("2040-01-01", "25:00", "valid time"),
    ],
)
def test_invalid_moment_is_a_field_error(editor_client, day, time, error):
    article = make_article(status=Status.DRAFT)

    response = editor_client.post(schedule_url(article), {"when_0": day, "when_1": time})

    assert error in str(response.context["form"].errors["when"])
    assert f'value="{day}"' in response.content.decode() or not day
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_scheduling_again_includes_the_changed_draft(editor_client):
    article = make_article(status=Status.DRAFT)
    editor_client.post(schedule_url(article), {"when_0": "2040-01-02", "when_1": "08:30"})
    save_draft(article, body="Newer.")

    editor_client.post(schedule_url(article), {"when_0": "2040-01-03", "when_1": "08:30"})

    article.refresh_from_db()
    assert article.body == "Newer."
    assert article.publish_at.isoformat() == "2040-01-03T00:30:00+00:00"


@pytest.mark.parametrize("query", ["", "?article=", "?article=x", "?article=999999", "?article=" + "9" * 40])
def test_schedule_without_articles_redirects_to_the_list(editor_client, query):
    assert editor_client.get(f"{LIST}schedule/{query}").url == LIST


def test_past_moment_is_the_date_of_an_article_that_appears_at_once(editor_client):
    article = make_article(title="Moved", status=Status.DRAFT)
    form = {"when_0": "2009-03-05", "when_1": "14:07:08", "backdate": "on"}

    response = editor_client.post(schedule_url(article), form, follow=True)

    assert messages_of(response) == ["Readers see these with the date 5 Mar 2009, 14:07:08: Moved."]
    article.refresh_from_db()
    assert (article.is_public, article.publish_at.isoformat()) == (True, "2009-03-05T06:07:08+00:00")


def test_date_of_a_public_article_is_corrected(editor_client):
    article = make_article(title="Late", publish_at=datetime(2026, 3, 5, 6, 7, 8, tzinfo=UTC))
    save_draft(article, body="Not yet.")
    assert schedule_url(article) in editor_client.get(change_url(article)).content.decode()
    page = editor_client.get(schedule_url(article)).content.decode()
    assert 'value="2026-03-05"' in page
    assert 'value="14:07:08"' in page
    assert "backdate" not in page

    editor_client.post(schedule_url(article), {"when_0": "2026-03-04", "when_1": "14:07:08"})

    article.refresh_from_db()
    assert article.publish_at.isoformat() == "2026-03-04T06:07:08+00:00"
    assert article.body != "Not yet."


@pytest.mark.parametrize(
    ("day", "error"),
    [("2040-01-01", "cannot lie in the future"), ("0001-01-01", "too early"), ("", "required")],
)
def test_wrong_date_of_a_public_article_is_a_field_error(editor_client, day, error):
    article = make_article()
    before = article.publish_at

    response = editor_client.post(schedule_url(article), {"when_0": day, "when_1": day and "10:00"})

    assert error in str(response.context["form"].errors["when"])
    article.refresh_from_db()
    assert article.publish_at == before


@pytest.mark.parametrize(
    ("zone", "now", "words"),
    [
        ("America/New_York", "2026-01-15", "(UTC-05:00). From 8 March 2026 on, it is UTC-04:00 there."),
        ("America/New_York", "2026-07-15", "(UTC-04:00). From 1 November 2026 on, it is UTC-05:00 there."),
        ("Asia/Shanghai", "2026-01-15", "(UTC+08:00). "),
    ],
)
def test_schedule_names_the_offset_of_the_other_half_of_the_year(
    editor_client, settings, time_machine, zone, now, words
):
    settings.TIME_ZONE = zone
    time_machine.move_to(f"{now}T12:00:00+00:00")
    article = make_article(status=Status.DRAFT)
    page = " ".join(editor_client.get(schedule_url(article)).content.decode().split())
    assert f"{zone} {words}" in page
    assert ("there. It is now" in page) == (zone != "Asia/Shanghai")

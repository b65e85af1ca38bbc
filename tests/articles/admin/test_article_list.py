"""The list of articles: states in words, filters, search, and a number of queries that does not grow."""

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

from .desk import messages_of

LIST = "/admin/articles/article/"
NOW, DAY = timezone.now(), timedelta(days=1)


@pytest.fixture
def desk(client_of, editor):
    return client_of(editor)


def rows(response) -> list[str]:
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
def test_state_is_told_in_words(desk, fields, words):
    make_article(**fields)

    assert words in cell(desk.get(LIST), "state")


@pytest.mark.parametrize(
    "text",
    [{"body": "New."}, {"title": "New"}, {"seo_title": "New"}, {"cover": "new"}],
    ids=["body", "title", "seo_title", "cover"],
)
def test_unpublished_changes_are_told(desk, text):
    article = make_article()
    assert "unpublished changes" not in cell(desk.get(LIST), "state")

    save_draft(article, **{name: make_image() if name == "cover" else value for name, value in text.items()})

    assert "has unpublished changes" in cell(desk.get(LIST), "state")
    assert rows(desk.get(LIST, {"state": "changed"})) == [article.slug]


def test_article_with_the_same_cover_has_no_unpublished_changes(desk):
    make_article(cover=make_image())

    assert "unpublished changes" not in cell(desk.get(LIST), "state")


def test_public_article_is_linked_to_its_page(desk):
    make_article("a")

    assert 'href="/articles/a/"' in cell(desk.get(LIST), "state")


def test_hidden_article_is_linked_to_no_page(desk):
    make_article("a", status=Status.DRAFT)

    assert "/articles/a/" not in desk.get(LIST).content.decode()


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
def test_list_is_filtered_by_state(desk, state, expected):
    make_article("draft", status=Status.DRAFT)
    make_article("in-review", status=Status.IN_REVIEW)
    make_article("scheduled", publish_at=NOW + DAY)
    make_article("public")
    make_article("expired", publish_at=NOW - 2 * DAY, expires_at=NOW - DAY)

    assert sorted(rows(desk.get(LIST, {"state": state}))) == expected


def test_list_is_filtered_by_language_topic_and_author(desk):
    topic, person = make_topic(), make_author()
    make_article("a", topics=[topic])
    make_article("b", authors=[person])
    make_article("c", language="zh-hans")

    assert rows(desk.get(LIST, {"language__exact": "zh-hans"})) == ["c"]
    assert rows(desk.get(LIST, {"topics__id__exact": topic.pk})) == ["a"]
    assert rows(desk.get(LIST, {"authors__id__exact": person.pk})) == ["b"]


@pytest.mark.parametrize("query", ["Found", "found-slug", "Finding", "已找到"])
def test_search_finds_what_stands_in_the_draft_alone(desk, query):
    make_article("other")
    save_draft(make_article("a"), title="Found 已找到", slug="found-slug", summary="Finding it")

    assert rows(desk.get(LIST, {"q": query})) == ["a"]


def test_what_is_not_published_yet_stands_on_top(desk):
    make_article("old", publish_at=NOW - 9 * DAY)
    make_article("draft", status=Status.DRAFT)
    make_article("new")

    assert rows(desk.get(LIST)) == ["draft", "new", "old"]


def test_list_is_narrowed_by_date(desk):
    make_article("old", publish_at=datetime(2020, 5, 5, tzinfo=ZoneInfo("UTC")))
    make_article("new", publish_at=datetime(2024, 5, 5, tzinfo=ZoneInfo("UTC")))

    make_article("old-in-june", publish_at=datetime(2020, 6, 5, tzinfo=ZoneInfo("UTC")))

    assert rows(desk.get(LIST, {"published": "2020"})) == ["old-in-june", "old"]
    assert rows(desk.get(LIST, {"published": "2020-05"})) == ["old"]
    assert (
        rows(desk.get(LIST, {"published": "2020-13"}))
        == rows(desk.get(LIST, {"published": "9999"}))
        == rows(desk.get(LIST))
    )


def test_months_are_offered_of_the_chosen_year_alone(desk):
    make_article("old", publish_at=datetime(2020, 5, 5, tzinfo=ZoneInfo("UTC")))
    make_article("new", publish_at=datetime(2022, 5, 5, tzinfo=ZoneInfo("UTC")))

    assert offered(desk.get(LIST)) == ["2022", "2021", "2020"]
    months = [f"2020-{month:02}" for month in range(12, 0, -1)]
    assert offered(desk.get(LIST, {"published": "2020-05"})) == ["2022", "2021", "2020", *months]


def offered(response) -> list[str]:
    (dates,) = [shown for shown in response.context["cl"].filter_specs if isinstance(shown, PublishedFilter)]
    return [value for value, _words in dates.lookup_choices]


@pytest.mark.parametrize("count", [1, 30])
def test_queries_do_not_grow_with_the_articles(desk, count, django_assert_num_queries):
    topics, authors = [make_topic(), make_topic()], [make_author(), make_author()]
    for _ in range(count):
        make_article(topics=topics, authors=authors, cover=make_image())
    desk.get(LIST)

    with django_assert_num_queries(QUERIES):
        response = desk.get(LIST)

    assert len(rows(response)) == count


# Session, user, their rights (2); topics and authors to filter by; counts (1, and 1 of publications);
# rows, topics, bylines; the first date and the last.
QUERIES = 12


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_desk_speaks_both_languages(desk, prefix):
    make_article("a", title="A title", topics=[make_topic("patents", name_en="Patents", name_zh="专利")])

    page = desk.get(f"{prefix}{LIST}").content.decode()

    assert "A title" in page
    assert ("专利" if prefix else "Patents") in page


def test_comments_of_both_languages_are_counted(desk):
    original = make_article()
    make_article("标题", language="zh-hans", translation_key=original.translation_key)
    with public_write():
        Discussion(key=original.translation_key, comments=7).save()

    assert [article.comment_count for article in desk.get(LIST).context["cl"].result_list] == [7, 7]


def test_long_texts_are_not_loaded(desk):
    make_article(body="x")

    [article] = desk.get(LIST).context["cl"].result_list

    assert {"body", "body_html", "search_text"} <= article.get_deferred_fields()
    assert "body" in article.draft.get_deferred_fields()


# --- doing one thing to many -----------------------------------------------------------------------------------------------------------


def run(client, action: str, *articles: Article):
    data = {"action": action, "_selected_action": [article.pk for article in articles], "index": "0"}
    return messages_of(client.post(LIST, data, follow=True))


def test_publishing_a_mixed_selection_says_what_became_of_each(desk):
    ready = make_article(title="Ready", status=Status.DRAFT)
    empty = make_article(title="Empty", status=Status.DRAFT, body="")
    changed = make_article(title="Changed")
    save_draft(changed, body="New.")
    settled = make_article(title="Settled")

    said = run(desk, "publish_selected", ready, empty, changed, settled)

    assert "“Empty” stays as it was: There is no text to publish yet." in said
    assert "“Settled” stays as it was: readers already see this text" in said
    [done] = [message for message in said if message.startswith("Published")]
    assert "Ready" in done
    assert "Changed" in done
    for article in (ready, empty, changed):
        article.refresh_from_db()
    assert [ready.status, empty.status, changed.body] == [Status.PUBLISHED, Status.DRAFT, "New."]


@pytest.mark.parametrize(
    ("action", "takes", "status"),
    [
        ("submit_selected", ["draft"], Status.IN_REVIEW),
        ("return_selected", ["in review"], Status.DRAFT),
        ("unpublish_selected", ["public", "scheduled"], Status.DRAFT),
    ],
)
def test_action_takes_what_it_fits_and_names_the_rest(desk, action, takes, status):
    articles = {
        "draft": make_article(title="draft", status=Status.DRAFT),
        "in review": make_article(title="in review", status=Status.IN_REVIEW),
        "public": make_article(title="public"),
        "scheduled": make_article(title="scheduled", publish_at=NOW + DAY),
    }

    said = run(desk, action, *articles.values())

    for name, article in articles.items():
        before = article.status
        article.refresh_from_db()
        assert article.status == (status if name in takes else before)
        assert any(message.startswith(f"“{name}” stays as it was") for message in said) == (name not in takes)


def test_take_down_ends_what_readers_see(desk, stranger):
    public, draft = make_article("a"), make_article("b", status=Status.DRAFT)

    said = run(desk, "take_down_selected", public, draft)

    assert stranger.get("/articles/a/").status_code == 410
    assert any("readers do not see it now" in message for message in said)


def test_covers_are_drawn_for_those_without_one(desk):
    bare, covered = make_article(), make_article(cover=make_image())
    cover = covered.draft.cover

    run(desk, "draw_covers", bare, covered)

    for article in (bare, covered):
        article.draft.refresh_from_db()
    assert bare.draft.cover is not None
    assert covered.draft.cover == cover


def test_deleting_many(desk):
    articles = [make_article(status=Status.DRAFT) for _ in range(2)]
    data = {
        "action": "delete_selected",
        "_selected_action": [article.pk for article in articles],
        "post": "yes",
    }

    desk.post(LIST, data)

    assert not Article.objects.exists()


# --- the schedule ----------------------------------------------------------------------------------------------------------------------


def schedule_url(*articles: Article) -> str:
    return f"{LIST}schedule/?" + "&".join(f"article={article.pk}" for article in articles)


def test_selection_leads_to_the_schedule(desk):
    articles = [make_article(status=Status.DRAFT) for _ in range(2)]

    response = desk.post(
        LIST,
        {
            "action": "schedule_selected",
            "_selected_action": [article.pk for article in articles],
            "index": "0",
        },
    )

    assert set(response.url.split("?")[1].split("&")) == {f"article={article.pk}" for article in articles}


def test_schedule_names_the_time_zone(desk):
    page = desk.get(schedule_url(make_article(status=Status.DRAFT))).content.decode()

    assert "Asia/Shanghai (UTC+08:00)" in page


def test_mixed_selection_is_scheduled_as_far_as_it_can_be(desk):
    draft, public = make_article(title="Draft", status=Status.DRAFT), make_article(title="Public")

    response = desk.post(
        schedule_url(draft, public), {"when_0": "2040-01-02", "when_1": "08:30:15"}, follow=True
    )

    said = messages_of(response)
    assert "“Public” stays as it was: readers see it now; unpublish it first" in said
    assert "Readers see these from 2 Jan 2040, 08:30:15 on: Draft." in said
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
def test_moment_that_cannot_be_is_refused_beside_the_field(desk, day, time, error):
    article = make_article(status=Status.DRAFT)

    response = desk.post(schedule_url(article), {"when_0": day, "when_1": time})

    assert error in str(response.context["form"].errors["when"])
    assert f'value="{day}"' in response.content.decode() or not day
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_scheduling_again_takes_the_changed_draft_along(desk):
    article = make_article(status=Status.DRAFT)
    desk.post(schedule_url(article), {"when_0": "2040-01-02", "when_1": "08:30"})
    save_draft(article, body="Newer.")

    desk.post(schedule_url(article), {"when_0": "2040-01-03", "when_1": "08:30"})

    article.refresh_from_db()
    assert article.body == "Newer."
    assert article.publish_at.isoformat() == "2040-01-03T00:30:00+00:00"


@pytest.mark.parametrize("query", ["", "?article=", "?article=x", "?article=999999", "?article=" + "9" * 40])
def test_schedule_of_nothing_leads_back_to_the_list(desk, query):
    assert desk.get(f"{LIST}schedule/{query}").url == LIST

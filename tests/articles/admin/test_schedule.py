"""The schedule page: publishing at a time, correcting a date."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from articles.models import Article, Status
from articles.services import save_draft
from tests.factories import make_article

from .form_client import change_url, messages_of

LIST = "/admin/articles/article/"
NOW, DAY = timezone.now(), timedelta(days=1)


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

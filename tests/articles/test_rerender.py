"""Rendering published texts anew: what changes, what stays, and what happens at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from articles import rerender
from articles.markdown import RENDERER_VERSION
from articles.models import Article, Page, Status
from articles.rerender import (
    count_outdated,
    is_outdated,
    mark_outdated,
    outdated_texts,
    published_texts,
    render_again,
    render_outcome,
    render_texts,
    write_outcomes,
)
from articles.services import publish, save_draft, save_page, take_down, unpublish
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.verification import verification_remarks
from tests.factories import make_article, make_page

DAY = timedelta(days=1)
OLD = {
    "body_html": "<p>Old.</p>",
    "contents": [],
    "words": 1,
    "reading_minutes": 9,
    "search_text": " old ",
    "renderer_version": 0,
}
COMPUTED = ("body_html", "contents", "words", "reading_minutes", "search_text", "renderer_version")


def make_old(text, **fields):
    """Let an earlier version have made the text."""
    values = OLD if isinstance(text, Article) else {"body_html": "<p>Old.</p>", "renderer_version": 0}
    with public_write():
        type(text).objects.filter(pk=text.pk).update(**{**values, **fields})
    text.refresh_from_db()
    return text


def row_of(text, *without: str) -> dict:
    (row,) = type(text).objects.filter(pk=text.pk).values()
    return {name: value for name, value in row.items() if name not in without}


def render_all(**options) -> list[rerender.Outcome]:
    return [
        outcome
        for model in (Article, Page)
        for outcome in render_texts(outdated_texts(model), **{"processes": 1, **options})
    ]


def purged() -> set[str]:
    paths = {path for row in Purge.objects.all() for path in row.paths}
    Purge.objects.all().delete()
    return paths


@pytest.mark.django_db
def test_old_article_becomes_as_publishing_makes_it():
    article = make_article(body="## A\n\nThe first.\n\n## B\n\n" + "甲乙丙。" * 300)
    published = row_of(article)
    make_old(article)

    render_all()

    assert row_of(article) == published
    assert published["renderer_version"] == RENDERER_VERSION


@pytest.mark.django_db
def test_draft_history_and_dates_stay_as_they_are():
    article = make_article("a", body="The published text.")
    make_old(article, updated_at=timezone.now() - DAY)
    save_draft(article, body="Half a sen", title="Another title", slug="b")
    draft, revisions = row_of(article.draft), article.draft.history.count()
    before = row_of(article, *COMPUTED)

    render_all()

    article.refresh_from_db()
    assert article.body_html == "<p>The published text.</p>"
    assert row_of(article, *COMPUTED) == before
    assert row_of(article.draft) == draft
    assert article.draft.history.count() == revisions


@pytest.mark.django_db
def test_page_is_rendered_without_a_revision():
    page = save_page(Page(title="About", slug="about", body="A *word*."))
    before, revisions = row_of(page), page.history.count()
    make_old(page)

    (outcome,) = render_all()

    assert (outcome.text, outcome.shows) == (page, True)
    assert row_of(page) == before
    assert page.history.count() == revisions
    assert "/**" in purged()


@pytest.mark.django_db
def test_scheduled_and_taken_down_articles_are_rendered_and_drafts_are_not():
    scheduled = make_old(make_article(publish_at=timezone.now() + DAY))
    gone = make_article()
    take_down(gone)
    make_old(gone)
    draft = make_old(make_article(status=Status.DRAFT))
    unpublished = make_article()
    unpublish(unpublished)
    make_old(unpublished)

    assert count_outdated() == 2
    assert {outcome.text.pk for outcome in render_all()} == {scheduled.pk, gone.pk}

    assert count_outdated() == 0
    assert [row_of(text)["body_html"] for text in (draft, unpublished)] == ["<p>Old.</p>"] * 2


@pytest.mark.django_db
def test_only_a_visible_change_purges_pages():
    changed, same = make_article("changed"), make_article("same")
    make_old(changed)
    with public_write():
        Article.objects.filter(pk=same.pk).update(renderer_version=0, search_text=" old ")
    purged()

    outcomes = {outcome.text.slug: outcome.shows for outcome in render_all()}

    assert outcomes == {"changed": True, "same": False}
    paths = purged()
    assert {"/articles/changed/**", "/", "/feed/"} <= paths
    assert "/articles/same/**" not in paths
    assert not is_outdated(Article.objects.get(pk=same.pk))
    assert "patents" in row_of(same)["search_text"]


@pytest.mark.django_db
def test_text_that_cannot_be_rendered_stays_and_others_go_on(monkeypatch):
    first, second, third = [make_old(make_article(f"a{n}")) for n in range(3)]
    with public_write():
        Article.objects.filter(pk=second.pk).update(body="> " * 1000 + "deep")
        Article.objects.filter(pk=first.pk).update(body="A fault.")
    render = rerender.render_published

    def faulty(text):
        if text.body == "A fault.":
            raise KeyError("a fault of the renderer")
        return render(text)

    monkeypatch.setattr(rerender, "render_published", faulty)
    outcomes = {outcome.text.slug: outcome.error for outcome in render_all()}

    assert outcomes["a0"] == "KeyError: 'a fault of the renderer'"
    assert "too deep" in outcomes["a1"]
    assert outcomes["a2"] == ""
    assert [row_of(text)["renderer_version"] for text in (first, second, third)] == [0, 0, RENDERER_VERSION]
    assert row_of(second)["body_html"] == "<p>Old.</p>"


@pytest.mark.django_db
def test_text_that_would_lose_a_letter_stays_as_it_is(monkeypatch):
    article = make_old(make_article())
    monkeypatch.setattr("articles.services.lost_text", lambda *_args: [(3, "lost words")])

    (outcome,) = render_all()

    assert "lost words" in outcome.error
    assert row_of(article)["body_html"] == "<p>Old.</p>"


@pytest.mark.django_db
def test_dry_run_writes_nothing():
    article = make_old(make_article())
    before = row_of(article)
    purged()

    (outcome,) = render_all(write=False)

    assert outcome.changes["body_html"].startswith('<h2 id="s-first">')
    assert (row_of(article), purged()) == (before, set())


@pytest.mark.django_db
def test_interrupted_run_leaves_the_rest_for_the_next_one(monkeypatch):
    monkeypatch.setattr(rerender, "BATCH", 2)
    monkeypatch.setattr(rerender, "BATCHES_AHEAD", 0)
    for _ in range(5):
        make_old(make_article())

    outcomes = render_texts(outdated_texts(Article), processes=1)
    next(outcomes)
    outcomes.close()

    assert count_outdated() == 3
    assert len(render_all()) == 3
    assert count_outdated() == 0


@pytest.mark.django_db
def test_texts_of_one_key_range_are_read_in_batches(monkeypatch):
    """Also where keys are missing, and where a text is deleted between its key and its row."""
    monkeypatch.setattr(rerender, "KEYS", 2)
    monkeypatch.setattr(rerender, "BATCH", 2)
    articles = [make_old(make_article()) for _ in range(5)]
    with public_write(articles[1]):
        articles[1].delete()

    seen = [outcome.text.pk for outcome in render_texts(outdated_texts(Article), processes=1)]

    assert seen == [article.pk for article in articles if article.pk is not None]


@pytest.mark.django_db
def test_text_saved_meanwhile_is_kept():
    """Published by this release: it is new already. By an earlier one, still running: rendered from what it
    wrote.
    """
    newer, by_old_release, gone = [make_old(make_article(f"a{n}")) for n in range(3)]
    outcomes = [render_outcome(text) for text in published_texts(Article).order_by("pk")]
    save_draft(newer, body="A newer text.")
    publish(newer)
    make_old(by_old_release, body="From the old release.", body_html="<p>From the old release!</p>")
    unpublish(gone)

    final = write_outcomes(outcomes)

    assert [outcome.shows for outcome in final] == [False, True, False]
    newer.refresh_from_db()
    assert (newer.body_html, newer.updated_at is not None) == ("<p>A newer text.</p>", True)
    assert row_of(by_old_release)["body_html"] == "<p>From the old release.</p>"
    assert row_of(gone)["body_html"] == "<p>Old.</p>"


@pytest.mark.django_db
def test_mark_outdated_changes_nothing_for_readers():
    article, page = make_article(), make_page()
    html = row_of(article)["body_html"]
    purged()

    mark_outdated()

    assert count_outdated() == 2
    assert [is_outdated(text) for text in (Article.objects.get(), Page.objects.get())] == [True, True]
    assert (row_of(article)["body_html"], purged()) == (html, set())
    assert page.pk


@pytest.mark.django_db
def test_old_texts_are_a_remark_of_pages_verify_and_deploy_wait(monkeypatch):
    assert verification_remarks() == []
    make_old(make_article())
    remark = "Texts that an earlier version of the renderer made: 1. Run `manage.py render`."
    assert verification_remarks() == [remark]

    monkeypatch.setattr("ictiger.ops.management.commands.deploy.wait_until_live", lambda *_args: True)
    out = StringIO()
    call_command("deploy", "wait", stdout=out)
    assert out.getvalue() == f"This release is live.\n{remark}\n"


@pytest.mark.django_db
def test_render_again_refuses_in_words():
    draft = make_article(status=Status.DRAFT)
    with pytest.raises(ValidationError, match="it is not published"):
        render_again(draft)

    article = make_old(make_article())
    with public_write():
        Article.objects.filter(pk=article.pk).update(body="> " * 1000 + "deep")
    with pytest.raises(ValidationError, match="too deep"):
        render_again(article)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_editor_who_publishes_while_a_batch_is_written_is_not_overwritten(monkeypatch):
    """The editor has the row's lock when the batch wants it: the batch waits, and then leaves the text."""
    article = make_old(make_article("a"))
    outcomes = [render_outcome(text) for text in published_texts(Article)]
    is_locked, may_commit = Event(), Event()

    def edit():
        with public_write(article):
            save_draft(article, body="What the editor wrote.")
            publish(article)
            is_locked.set()
            may_commit.wait(10)
        connections.close_all()

    def render():
        is_locked.wait(10)
        try:
            return write_outcomes(outcomes)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        editing, rendering = pool.submit(edit), pool.submit(render)
        is_locked.wait(10)
        with pytest.raises(TimeoutError):
            rendering.result(timeout=0.5)
        may_commit.set()
        editing.result(10)
        (outcome,) = rendering.result(10)

    assert not outcome.changes
    assert row_of(article)["body_html"] == "<p>What the editor wrote.</p>"

"""The article admin in a browser: no violation of the Content Security Policy, nothing wider than a phone,
and no typed text lost."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from articles.services import save_draft
from tests.factories import make_article, make_author, make_topic

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def open_admin_as_editor(browse: Callable[..., "Page"], sign_in, editor) -> Callable[..., "Page"]:
    def open_page(**options) -> "Page":
        page = browse(**options)
        sign_in(page, editor)
        return page

    return open_page


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_admin_pages_have_policy_and_fit_the_window(live_site, open_admin_as_editor, prefix, width, dark):
    article = make_article(topics=[make_topic("patents")], authors=[make_author("ann")])
    save_draft(article, body="Something new.")
    article.refresh_from_db()
    version = article.draft.history.last()
    paths = [
        reverse("admin:index"),
        reverse("admin:articles_article_changelist"),
        reverse("admin:articles_article_add"),
        reverse("admin:articles_article_change", args=[article.pk]),
        reverse("admin:articles_article_history", args=[article.pk]),
        reverse("admin:articles_article_version", args=[article.pk, version.pk]),
        f"{reverse('admin:articles_article_schedule')}?article={article.pk}",
        reverse("admin:articles_page_add"),
        reverse("admin:articles_image_add"),
        reverse("admin:articles_publication_add"),
    ]
    page = open_admin_as_editor(width=width, dark=dark)

    for path in paths:
        response = page.goto(f"{live_site}{prefix}{path}")
        assert response.status == 200
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_slug_is_made_from_chinese_title_while_typing(live_site, open_admin_as_editor):
    page = open_admin_as_editor()
    page.goto(f"{live_site}/admin/articles/article/add/")

    page.locator("input[name=title]").press_sequentially("专利池 Explained")

    expect(page.locator("input[name=slug]")).to_have_value("专利池-explained")


def test_typed_text_survives_expired_session(live_site, open_admin_as_editor, sign_in, editor):
    article = make_article()
    form = f"{live_site}{reverse('admin:articles_article_change', args=[article.pk])}"
    page = open_admin_as_editor()
    page.goto(form)
    page.locator("textarea[name=body]").fill("A morning's work.")
    page.context.clear_cookies()
    page.locator("input[name=_save]").click()

    sign_in(page, editor)
    page.goto(form)
    page.locator("[data-bring-back]").click()
    expect(page.locator("textarea[name=body]")).to_have_value("A morning's work.")
    page.locator("input[name=_save]").click()

    expect(page.locator(".messagelist")).to_contain_text("Draft saved")
    expect(page.locator("[data-kept]")).to_be_hidden()
    article.refresh_from_db()
    assert article.draft.body == "A morning's work."


def test_stored_text_can_be_discarded(live_site, open_admin_as_editor):
    form = f"{live_site}/admin/articles/article/add/"
    page = open_admin_as_editor()
    page.goto(form)
    page.locator("textarea[name=body]").fill("Not worth it.")
    page.goto(form)

    page.locator("[data-discard]").click()
    page.goto(form)

    expect(page.locator("[data-kept]")).to_be_hidden()


def test_article_is_written_and_published_with_a_topic(live_site, open_admin_as_editor, stranger):
    make_topic("patents", name_en="Patents")
    page = open_admin_as_editor()
    page.goto(f"{live_site}/admin/articles/article/add/")
    page.locator("input[name=title]").press_sequentially("Pools")
    page.locator("textarea[name=body]").fill("Some text.")
    page.locator("#articletopic_set-group .add-row a").click()
    page.locator("#articletopic_set-0 .select2-selection").click()
    page.locator(".select2-search__field").press_sequentially("Pat")
    page.locator(".select2-results__option--highlighted", has_text="Patents").click()
    page.locator("input[name=_save]").click()
    page.locator("input[name=_publish]").click()
    expect(page.locator(".messagelist")).to_contain_text("Readers now see Pools")

    assert "Some text." in stranger.get("/articles/pools/").content.decode()
    assert "Pools" in stranger.get("/topics/patents/").content.decode()

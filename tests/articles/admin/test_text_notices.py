"""What authors are told of their text: on the form after saving and publishing, in the preview, for pages."""

import re
from html import unescape
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from articles.markdown import render
from articles.models import Page, Status
from articles.notice_list import MAX_SHOWN
from articles.preview_links import preview_url
from tests.factories import make_article

from .form_client import change_url, edit, fields_of

pytestmark = pytest.mark.django_db

BODY = 'One.\n\nTwo <custom onclick="x()"> three.\n\n[four](ftp://a.example)'
TAG = 'Line 3: “<custom onclick="x()">” is no tag that articles may have. It is shown as you typed it.'
ADDRESS = (
    "Line 5: the address “ftp://a.example” is left out. Links may begin with http, https, mailto or tel."
)


def notices_on(html: str) -> list[str]:
    """The items of the list of notices, as a reader sees them."""
    found = re.search(r"<details class=\"(?:desk|preview)-notices\".*?</details>", html, re.DOTALL)
    items = re.findall(r"<li[^>]*>(.*?)</li>", found[0], re.DOTALL) if found else []
    return [unescape(" ".join(item.split())) for item in items]


@pytest.mark.parametrize("button", ["_save", "_publish", "_submit"])
def test_the_form_tells_what_became_of_the_text(editor_client: Client, button: str):
    article = make_article(status=Status.DRAFT)
    response = edit(editor_client, article, press=button, body=BODY)

    html = editor_client.get(response.url).content.decode()

    assert notices_on(html) == [TAG, ADDRESS]
    assert "2 places in this text to check" in html
    assert "<custom" not in html
    article.refresh_from_db()
    assert (article.status == Status.PUBLISHED) == (button == "_publish")


def test_the_form_says_nothing_of_a_text_that_is_shown_as_it_was_written(editor_client: Client):
    article = make_article(status=Status.DRAFT, body="Plain **text**.")
    assert "desk-notices" not in editor_client.get(change_url(article)).content.decode()


def test_the_form_of_a_text_that_cannot_be_rendered_opens(editor_client: Client):
    article = make_article(status=Status.DRAFT)
    response = edit(editor_client, article, body=">" * 200 + " x")

    response = editor_client.get(response.url)

    assert "It cannot be published like this." in response.content.decode()
    assert fields_of(response)["body"] == [">" * 200 + " x"]


def test_many_notices_are_counted_and_losses_come_first(editor_client: Client, monkeypatch):
    article = make_article(status=Status.DRAFT, body="\n\n".join(["<custom>"] * (MAX_SHOWN + 4)))
    monkeypatch.setattr("articles.services.lost_text", lambda *_: [(40, "two")])

    told = notices_on(editor_client.get(change_url(article)).content.decode())

    assert told[0].startswith("Line 40: “two” would be lost")
    assert told[1].startswith("Line 1: ")
    assert told[-1] == "and 5 more"
    assert len(told) == MAX_SHOWN + 1


def test_a_refused_form_does_not_tell_of_another_text(editor_client: Client):
    article = make_article(status=Status.DRAFT, body=BODY)
    response = edit(editor_client, article, body="New.", title="")
    assert response.status_code == 200
    assert notices_on(response.content.decode()) == []


def test_notices_are_in_the_language_of_the_desk(editor_client: Client):
    article = make_article(status=Status.DRAFT, body=BODY)
    with translation.override("zh-hans"):
        editor_client.cookies["django_language"] = "zh-hans"
        html = editor_client.get(change_url(article)).content.decode()
    assert "正文中有 2 处请留意" in html
    assert notices_on(html)[1].startswith("第 5 行：地址“ftp://a.example”已略去")


def test_the_preview_tells_them_and_renders_once(client: Client):
    article = make_article(status=Status.DRAFT, body=BODY)
    with patch("articles.services.render", wraps=render) as counted:
        html = client.get(preview_url(article)).content.decode()
    assert notices_on(html) == [TAG, ADDRESS]
    assert counted.call_count == 1


def test_readers_of_a_published_article_are_not_told(client: Client):
    article = make_article(body=BODY)
    assert "Line 3" not in client.get(article.get_absolute_url()).content.decode()


def test_a_page_with_something_to_tell_comes_back_to_its_form(editor_client: Client):
    add_url = reverse("admin:articles_page_add")
    form = fields_of(editor_client.get(add_url), "page_form")
    data = {**form, "language": "en", "title": "About", "slug": "about-us", "_save": "1"}

    response = editor_client.post(add_url, {**data, "body": BODY}, follow=True)

    page = Page.objects.get(slug="about-us")
    change_page_url = reverse("admin:articles_page_change", args=[page.pk])
    assert response.redirect_chain[-1][0] == change_page_url
    assert notices_on(response.content.decode()) == [TAG, ADDRESS]
    form = fields_of(response, "page_form")
    response = editor_client.post(change_page_url, {**form, "body": "Plain.", "_save": "1"})
    assert response.url == reverse("admin:articles_page_changelist")

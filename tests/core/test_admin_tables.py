"""Cells and fields in the admin's tables carry the name of their column."""

from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Group
from django.utils.safestring import SafeString

from comments.models import Reason
from ictiger.core.templatetags.admin_tables import labelled
from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db


class FieldParser(HTMLParser):
    """Collects the fields of a page; `unlabelled` are those with neither a label nor an aria-label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labelled, self.fields = set(), {}
        self.feed(page)
        self.unlabelled = [
            name for name, has_label in self.fields.items() if not has_label and name not in self.labelled
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "label":
            self.labelled.add(attributes.get("for"))
        if tag in ("input", "select", "textarea") and attributes.get("type") not in (
            "hidden",
            "submit",
            "button",
        ):
            self.fields[attributes.get("id") or attributes.get("name")] = "aria-label" in attributes


@pytest.mark.parametrize(
    ("language", "order", "text"), [("", "Order", "Words in English"), ("/zh-hans", "次序", "英文说法")]
)
def test_cells_of_a_list_carry_their_column_name(admin_client, language, order, text):
    page = admin_client.get(f"{language}/admin/comments/reason/").content.decode()
    assert page.count(f'<td data-label="{order}"') == Reason.objects.count()
    assert page.count(f'data-label="{text}"') == Reason.objects.count()
    assert 'data-label="<' not in page
    assert FieldParser(page).unlabelled == []


def test_inline_fields_of_the_article_form_are_labelled(admin_client):
    article = make_article(topics=[make_topic()], authors=[make_author()])
    page = admin_client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    assert {"id_bylines-0-position", "id_bylines-0-DELETE"} <= set(FieldParser(page).fields)
    assert FieldParser(page).unlabelled == []
    assert '<th class="original"></th>' not in page


def test_column_name_is_escaped():
    cell, last = labelled(
        [SafeString('<td><input type="text"></td>'), SafeString("<td>x</td>")], [{"text": '"<i>"'}]
    )
    assert (cell, last) == ('<td><input type="text"></td>', "<td>x</td>")
    (cell,) = labelled([SafeString("<td>x</td>")], [{"text": 'a"b'}])
    assert cell == '<td data-label="A&quot;b">x</td>'


@pytest.mark.parametrize(
    ("language", "title", "count"),
    [("", "Held and refused words", "0 in all"), ("/zh-hans", "敏感词", "共 0 条")],
)
def test_list_heading_names_its_model(client_of, moderator, language, title, count):
    assert Group.objects.get(name="Moderator") in moderator.groups.all()
    page = client_of(moderator).get(f"{language}/admin/comments/blockedphrase/").content.decode()
    assert f"<h1>{title}</h1>" in page
    assert count in page


@pytest.mark.parametrize(
    "path",
    [
        "/admin/comments/reason/add/",
        "/admin/comments/sitecommentsettings/1/change/",
        "/admin/articles/article/add/",
    ],
)
def test_text_fields_have_no_maxlength(admin_client, path):
    page = admin_client.get(path).content.decode()
    assert 'type="text"' in page
    assert "maxlength" not in page


def test_text_that_is_too_long_is_returned_with_an_error(admin_client):
    long = "Which claim? " * 30
    page = admin_client.post(
        "/admin/comments/reason/add/", {"code": "long", "text_en": long, "text_zh": "x", "order": "1"}
    ).content.decode()
    assert f'value="{long}"' in page
    assert "at most 300 characters" in page

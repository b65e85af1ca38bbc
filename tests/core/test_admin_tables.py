"""The desk's tables say what each cell and each field is, where no column is above it."""

from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.safestring import SafeString

from accounts.models import User
from comments.models import Reason
from ictiger.core.templatetags.admin_tables import labelled
from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", None))
    return client


class Fields(HTMLParser):
    """The fields of a form that have no name of their own: neither a label nor an aria-label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labelled, self.fields = set(), {}
        self.feed(page)
        self.nameless = [
            known for known, named in self.fields.items() if not named and known not in self.labelled
        ]

    def handle_starttag(self, tag: str, attributes) -> None:
        said = dict(attributes)
        if tag == "label":
            self.labelled.add(said.get("for"))
        if tag in ("input", "select", "textarea") and said.get("type") not in ("hidden", "submit", "button"):
            self.fields[said.get("id") or said.get("name")] = "aria-label" in said


@pytest.mark.parametrize(
    ("language", "order", "words"), [("", "Order", "Words in English"), ("/zh-hans", "次序", "英文说法")]
)
def test_cells_of_a_list_say_what_they_are(desk, language, order, words):
    page = desk.get(f"{language}/admin/comments/reason/").content.decode()
    assert page.count(f'<td data-label="{order}"') == Reason.objects.count()
    assert page.count(f'data-label="{words}"') == Reason.objects.count()
    assert 'data-label="<' not in page
    assert Fields(page).nameless == []


def test_fields_within_the_form_of_an_article_have_names(desk):
    article = make_article(topics=[make_topic()], authors=[make_author()])
    page = desk.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    assert {"id_bylines-0-position", "id_bylines-0-DELETE"} <= set(Fields(page).fields)
    assert Fields(page).nameless == []
    assert '<th class="original"></th>' not in page


def test_name_of_a_column_is_no_markup():
    cell, last = labelled(
        [SafeString('<td><input type="text"></td>'), SafeString("<td>x</td>")], [{"text": '"<i>"'}]
    )
    assert (cell, last) == ('<td><input type="text"></td>', "<td>x</td>")
    (cell,) = labelled([SafeString("<td>x</td>")], [{"text": 'a"b'}])
    assert cell == '<td data-label="A&quot;b">x</td>'


@pytest.mark.parametrize(
    ("language", "title", "number"),
    [("", "Held and refused words", "0 in all"), ("/zh-hans", "敏感词", "共 0 条")],
)
def test_list_is_headed_by_what_it_lists(client_of, moderator, language, title, number):
    assert Group.objects.get(name="Moderator") in moderator.groups.all()
    page = client_of(moderator).get(f"{language}/admin/comments/blockedphrase/").content.decode()
    assert f"<h1>{title}</h1>" in page
    assert number in page


@pytest.mark.parametrize(
    "path",
    [
        "/admin/comments/reason/add/",
        "/admin/comments/sitecommentsettings/1/change/",
        "/admin/articles/article/add/",
    ],
)
def test_no_browser_cuts_what_is_pasted_at_the_desk(desk, path):
    page = desk.get(path).content.decode()
    assert 'type="text"' in page
    assert "maxlength" not in page


def test_what_is_too_long_for_the_desk_stays_in_its_box(desk):
    long = "Which claim? " * 30
    page = desk.post(
        "/admin/comments/reason/add/", {"code": "long", "text_en": long, "text_zh": "x", "order": "1"}
    ).content.decode()
    assert f'value="{long}"' in page
    assert "at most 300 characters" in page

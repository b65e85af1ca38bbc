"""Submits a form of the admin as a browser does: all its fields, with some of them changed."""

from html.parser import HTMLParser

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from articles.models import Article


class _FormParser(HTMLParser):
    """Collects the fields and buttons of the form with that id as a browser would send them."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.data: dict[str, list[str]] = {}
        self.buttons: dict[str, str] = {}
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.inside = attributes.get("id") == self.form_id
        if not self.inside:
            return
        name = attributes.get("name") or ""
        if tag == "input" and name:
            self._add_input(name, attributes)
        elif tag == "textarea":
            self._text = name
            self.data[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in attributes:
            self.data[self._select] = [attributes.get("value") or ""]

    def _add_input(self, name: str, attributes: dict[str, str | None]) -> None:
        kind, value = attributes.get("type"), attributes.get("value") or ""
        if kind == "submit":
            self.buttons[name] = value
        elif kind not in ("checkbox", "radio") or "checked" in attributes:
            self.data.setdefault(name, []).append(value or ("on" if kind == "checkbox" else ""))

    def handle_data(self, data: str) -> None:
        if self.inside and self._text:
            self.data[self._text][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            if self._text:  # a browser ignores a line break right after the tag
                self.data[self._text][0] = self.data[self._text][0].removeprefix("\n").removeprefix("\r\n")
            self._text = ""
        elif tag == "select":
            self._select = ""


def fields_of(response: HttpResponse, form_id: str = "article_form") -> dict[str, list[str]]:
    """The fields of the form as they would be sent."""
    return _parsed(response, form_id).data


def buttons_of(response: HttpResponse, form_id: str = "article_form") -> dict[str, str]:
    """The names and labels of the form's buttons."""
    return _parsed(response, form_id).buttons


def _parsed(response: HttpResponse, form_id: str) -> _FormParser:
    parser = _FormParser(form_id)
    parser.feed(response.content.decode())
    return parser


def change_url(article: Article) -> str:
    return reverse("admin:articles_article_change", args=[article.pk])


def open_form(client: Client, article: Article) -> dict[str, list[str]]:
    """Open the form of an article and return its fields, to be sent later."""
    response = client.get(change_url(article))
    assert response.status_code == 200
    return fields_of(response)


def send(
    client: Client, article: Article, form: dict[str, list[str]], *, press: str = "_save", **changes: object
) -> HttpResponse:
    """Submit the opened form with these changes by a button.

    None removes a field, as unticking a checkbox does.
    """
    data = {**form, **changes, press: "1"}
    return client.post(
        change_url(article), {name: value for name, value in data.items() if value is not None}
    )


def edit(client: Client, article: Article, *, press: str = "_save", **changes: object) -> HttpResponse:
    """Open the form and submit it with these changes."""
    return send(client, article, open_form(client, article), press=press, **changes)


def messages_of(response: HttpResponse) -> list[str]:
    """The messages shown on the page."""
    return [str(message) for message in response.context["messages"]]


def add_instance(client: Client, model: type[Model], **data: object) -> None:
    """Submit the add form of a model of articles with this data. It must be accepted."""
    url = reverse(f"admin:articles_{model._meta.model_name}_add")
    form = fields_of(client.get(url), f"{model._meta.model_name}_form")
    response = client.post(url, {**form, **data, "_save": "1"})
    assert response.status_code == 302, response.context["errors"]

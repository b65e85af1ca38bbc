"""What a browser does with a form of the desk: it sends back what the page holds, with what was typed over it."""

from html.parser import HTMLParser

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from articles.models import Article


class _Fields(HTMLParser):
    """Collects the fields of the form with that id as a browser would send them."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.data: dict[str, list[str]] = {}
        self.buttons: dict[str, str] = {}
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = found.get("id") == self.form_id
        if not self.inside:
            return
        name = found.get("name") or ""
        if tag == "input" and name:
            self._input(name, found)
        elif tag == "textarea":
            self._text = name
            self.data[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in found:
            self.data[self._select] = [found.get("value") or ""]

    def _input(self, name: str, found: dict[str, str | None]) -> None:
        kind, value = found.get("type"), found.get("value") or ""
        if kind == "submit":
            self.buttons[name] = value
        elif kind not in ("checkbox", "radio") or "checked" in found:
            self.data.setdefault(name, []).append(value or ("on" if kind == "checkbox" else ""))

    def handle_data(self, data: str) -> None:
        if self.inside and self._text:
            self.data[self._text][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            if self._text:  # a browser drops the line end right after the tag
                self.data[self._text][0] = self.data[self._text][0].removeprefix("\n").removeprefix("\r\n")
            self._text = ""
        elif tag == "select":
            self._select = ""


def fields_of(response: HttpResponse, form_id: str = "article_form") -> dict[str, list[str]]:
    """What the form holds, as it would be sent."""
    return _parsed(response, form_id).data


def buttons_of(response: HttpResponse, form_id: str = "article_form") -> dict[str, str]:
    """The names and words of the form's buttons."""
    return _parsed(response, form_id).buttons


def _parsed(response: HttpResponse, form_id: str) -> _Fields:
    parser = _Fields(form_id)
    parser.feed(response.content.decode())
    return parser


def change_url(article: Article) -> str:
    return reverse("admin:articles_article_change", args=[article.pk])


def open_form(client: Client, article: Article) -> dict[str, list[str]]:
    """Open the form of an article and keep it open: what comes back may be sent later."""
    response = client.get(change_url(article))
    assert response.status_code == 200
    return fields_of(response)


def send(
    client: Client, article: Article, form: dict[str, list[str]], *, press: str = "_save", **typed: object
) -> HttpResponse:
    """Type into the open form and press a button. A field typed as None is unticked."""
    data = {**form, **typed, press: "1"}
    return client.post(
        change_url(article), {name: value for name, value in data.items() if value is not None}
    )


def edit(client: Client, article: Article, *, press: str = "_save", **typed: object) -> HttpResponse:
    """Open the form, type, press."""
    return send(client, article, open_form(client, article), press=press, **typed)


def messages_of(response: HttpResponse) -> list[str]:
    """What the next page says at its top."""
    return [str(message) for message in response.context["messages"]]

"""What a reader of Chinese sees of a page, and whether any of it is English."""

import re
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse

SPOKEN = {
    "title",
    "aria-label",
    "aria-description",
    "placeholder",
    "alt",
}  # attributes that are read out or shown
FOR_SCRIPTS = ("data-words", "data-say", "data-said", "data-offline", "data-too")  # words that scripts show
BUTTONS = {"submit", "button", "reset"}
TOLD_TO_MACHINES = {"description", "og:title", "og:description", "og:site_name", "og:image:alt"}
SILENT = {"script", "style", "code", "pre", "svg", "bdi", "q"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ADDRESS = re.compile(
    r"urn:uuid:\S+|https?://\S+|[\w.+-]+@[\w.-]+|/[\w./-]*/|\b[\w-]+\.(?:example|org|md|css|js)\b"
)
# Names that are the same in both languages.
NAMES = re.compile(
    r"\b(ICTiger|Innovation's Crouching Tiger|Markdown|JPEG|PNG|WebP|AVIF|GIF|MB|PIN|IP|UTC|Asia/Shanghai|CST|JavaScript)\b"
)
SENTENCE = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.“”]+[A-Za-z][A-Za-z'’-]*){2,}")


class Words(HTMLParser):
    """The words of a page that stand in no fragment of another language and quote nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        silent = self._is_silent() or tag in SILENT or given.get("lang", "zh-hans") != "zh-hans"
        if not silent:
            self.found += [value for name, value in given.items() if self._is_spoken(tag, name, given)]
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_silent():
            self.found.append(data)

    def _is_silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    @staticmethod
    def _is_spoken(tag: str, name: str, given: dict[str, str]) -> bool:
        if tag == "meta":
            return name == "content" and (given.get("name") or given.get("property")) in TOLD_TO_MACHINES
        return (
            name in SPOKEN
            or name.startswith(FOR_SCRIPTS)
            or (tag == "input" and name == "value" and given.get("type") in BUTTONS)
        )


def english_literals() -> set[str]:
    """Every message, in lower case, that Chinese has another text for: ours and the libraries'."""
    folders = [Path(folder) for folder in settings.LOCALE_PATHS] + [
        Path(app.path) / "locale" for app in apps.get_app_configs()
    ]
    catalogues = [
        path for folder in folders if (path := folder / "zh_Hans" / "LC_MESSAGES" / "django.po").exists()
    ]
    entries = (entry for path in catalogues for entry in polib.pofile(str(path)))
    return {entry.msgid.lower() for entry in entries if entry.msgstr and entry.msgstr != entry.msgid}


LITERALS = english_literals()


def english_in(html: str) -> list[str]:
    """What is English on this page: whole messages however short, and any three words in a row."""
    words = Words()
    words.feed(html)
    said = [" ".join(ADDRESS.sub(" ", text).split()) for text in words.found]
    whole = [
        text for text in said if text.lower().rstrip(":：") in LITERALS and re.search("[A-Za-z]{2}", text)
    ]
    return whole + [found for text in said for found in SENTENCE.findall(NAMES.sub("", text))]


def assert_chinese(response: HttpResponse, *, status: int | None = 200) -> None:
    """`status=None` where its own tests ask for it: but for a redirect, which has no words."""
    place = response.request["PATH_INFO"].encode("latin-1").decode()
    assert (
        response.status_code not in (301, 302, 303, 500) if status is None else response.status_code == status
    ), f"{place}: {response.status_code}"
    html = response.content.decode()
    assert re.search("[\u4e00-\u9fff]", html), place
    english = english_in(html)
    assert not english, f"{place}: {english}"

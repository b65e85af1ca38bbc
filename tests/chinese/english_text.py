"""Find English text on a page that should be Chinese."""

import re
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse

SHOWN_ATTRIBUTES = {
    "title",
    "aria-label",
    "aria-description",
    "placeholder",
    "alt",
}  # attributes that are shown or read out
SCRIPT_MESSAGE_PREFIXES = (
    "data-words",
    "data-say",
    "data-said",
    "data-offline",
    "data-too",
)  # messages that scripts show
BUTTONS = {"submit", "button", "reset"}
META_NAMES = {"description", "og:title", "og:description", "og:site_name", "og:image:alt"}
IGNORED_TAGS = {"script", "style", "code", "pre", "svg", "bdi", "q"}
VOID_TAGS = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
URL_OR_FILE = re.compile(
    r"urn:uuid:\S+|https?://\S+|[\w.+-]+@[\w.-]+|/[\w./-]*/|\b[\w-]+\.(?:example|org|md|css|js)\b"
)
# Names and abbreviations that are the same in both languages.
SAME_IN_BOTH_LANGUAGES = re.compile(
    r"\b(ICTiger|Innovation's Crouching Tiger|Markdown|JPEG|PNG|WebP|AVIF|GIF|MB|PIN|IP|UTC|Asia/Shanghai|CST"
    r"|JavaScript)\b"
)
ENGLISH_WORDS = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[\s,;:.“”]+[A-Za-z][A-Za-z'’-]*){2,}")


class ShownText(HTMLParser):
    """Collect the text of a page, without parts marked as another language, code or quotations."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open_tags: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        is_ignored = self._is_ignored() or tag in IGNORED_TAGS or values.get("lang", "zh-hans") != "zh-hans"
        if not is_ignored:
            self.texts += [value for name, value in values.items() if self._is_shown(tag, name, values)]
        if tag not in VOID_TAGS:
            self._open_tags.append((tag, is_ignored))

    def handle_endtag(self, tag: str) -> None:
        while self._open_tags and self._open_tags.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_ignored():
            self.texts.append(data)

    def _is_ignored(self) -> bool:
        return bool(self._open_tags) and self._open_tags[-1][1]

    @staticmethod
    def _is_shown(tag: str, name: str, values: dict[str, str]) -> bool:
        if tag == "meta":
            return name == "content" and (values.get("name") or values.get("property")) in META_NAMES
        return (
            name in SHOWN_ATTRIBUTES
            or name.startswith(SCRIPT_MESSAGE_PREFIXES)
            or (tag == "input" and name == "value" and values.get("type") in BUTTONS)
        )


def translated_messages() -> set[str]:
    """All messages of this project and its libraries, in lower case, whose Chinese translation differs."""
    folders = [Path(folder) for folder in settings.LOCALE_PATHS] + [
        Path(app.path) / "locale" for app in apps.get_app_configs()
    ]
    catalogues = [
        path for folder in folders if (path := folder / "zh_Hans" / "LC_MESSAGES" / "django.po").exists()
    ]
    entries = (entry for path in catalogues for entry in polib.pofile(str(path)))
    return {entry.msgid.lower() for entry in entries if entry.msgstr and entry.msgstr != entry.msgid}


MESSAGES = translated_messages()


def english_in(html: str) -> list[str]:
    """The English texts on a page: whole messages of any length, and any three words in a row."""
    parser = ShownText()
    parser.feed(html)
    texts = [" ".join(URL_OR_FILE.sub(" ", text).split()) for text in parser.texts]
    messages = [
        text for text in texts if text.lower().rstrip(":：") in MESSAGES and re.search("[A-Za-z]{2}", text)
    ]
    return messages + [
        words for text in texts for words in ENGLISH_WORDS.findall(SAME_IN_BOTH_LANGUAGES.sub("", text))
    ]


def assert_chinese(response: HttpResponse, *, status: int | None = 200) -> None:
    """Assert that the page has Chinese and no English text.

    `status=None` allows any status but a redirect or 500, where other tests check the status.
    """
    path = response.request["PATH_INFO"].encode("latin-1").decode()
    assert (
        response.status_code not in (301, 302, 303, 500) if status is None else response.status_code == status
    ), f"{path}: {response.status_code}"
    html = response.content.decode()
    assert re.search("[\u4e00-\u9fff]", html), path
    english_texts = english_in(html)
    assert not english_texts, f"{path}: {english_texts}"

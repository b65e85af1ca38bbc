"""Examples of the CommonMark and GFM specifications, and a form of HTML in which two renderings compare."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

from articles.markdown.raw_html import OpenTags, safe_html
from articles.markdown.sanitise import sanitised

EXAMPLE = re.compile(
    r"^`{32} example([^\n]*)\n(.*?)^\.\n(.*?)^`{32}$|^#{1,6} ([^\n]*)$", re.MULTILINE | re.DOTALL
)
VOID = {"br", "hr", "img", "input", "wbr"}
BLOCKS = {
    *(
        "blockquote",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "summary",
        "table",
    ),
    *("tbody", "td", "th", "thead", "tr", "ul", "figure", "figcaption"),
}
KEPT = {"href", "src", "alt", "title", "start", "align", "type", "checked"}


@dataclass(frozen=True)
class Example:
    number: int
    section: str
    source: str
    expected: str


def examples_of(path: Path) -> list[Example]:
    """The examples of a specification in order. Tabs are written as arrows in it."""
    section, examples = "", []
    for found in EXAMPLE.finditer(path.read_text(encoding="utf-8")):
        if found[4] is not None:
            section = found[4]
        else:
            source, expected = (found[group].replace("→", "\t") for group in (2, 3))
            examples.append(Example(len(examples) + 1, section, source, expected))
    return examples


class _Events(HTMLParser):
    """HTML as a list of tags and texts, without what is our own: boxes, classes, ids, colours, figures."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[str] = []
        self.pre = 0
        self.in_caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = {"h1": "h2", "figure": "p"}.get(tag, tag)
        self.pre += tag == "pre"
        self.in_caption = tag == "figcaption"
        if tag in ("div", "span", "figcaption"):
            return
        kept = {name: value or "" for name, value in attrs if name in KEPT}
        for name in ("href", "src"):
            if name in kept:
                kept[name] = quote(unquote(kept[name]), safe="/:?#[]@!$&'()*+,;=%~")
        self.events.append(f"<{tag} {sorted(kept.items())}>" if kept else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self.in_caption = False
        tag = {"h1": "h2", "figure": "p"}.get(tag, tag)
        self.pre -= tag == "pre"
        if tag not in VOID and tag not in ("div", "span", "figcaption"):
            self.events.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.in_caption:  # a picture's title is its caption here
            if data.strip():
                self.events[-1] = self.events[-1].removesuffix("]>") + f", ('title', '{data}')]>"
            return
        if not self.pre:
            data = re.sub(r"[ \t\n]+", " ", data)
        if self.events and not self.events[-1].startswith("<"):
            self.events[-1] += data
        elif data:
            self.events.append(data if not data.startswith("<") else "\u200b" + data)


def comparable(html: str) -> str:
    """HTML without what makes no difference: white space between blocks, ids, classes, our boxes.

    Tags that articles may not have are text in both.
    """
    html = sanitised(safe_html(html.strip(), 1, [], OpenTags()), targets={})
    parser = _Events()
    parser.feed(html)
    parser.close()
    text = "\n".join(parser.events)
    block = "|".join(sorted(BLOCKS))
    text = re.sub(rf"(</?(?:{block})(?: [^\n]*)?>)\n[ ]*", r"\1\n", text)
    text = re.sub(rf"[ \n]*\n(</?(?:{block})(?: [^\n]*)?>)", r"\n\1", text)
    text = re.sub(r"(<br>)\n[ ]*", r"\1\n", text)
    return re.sub(r"\n+", "\n", text).strip()

"""The words of sanitised HTML, for the search index and for counting."""

from html.parser import HTMLParser

from . import formulas

# fmt: off
INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup",
    "u", "var", "wbr", "ruby",
} | formulas.TAGS
# fmt: on


class _Text(HTMLParser):
    """Collects the text of sanitised HTML; block elements end a word, inline ones do not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.in_backlink = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_backlink = tag == "a" and dict(attrs).get("class") in ("footnote-backref", "footnote-ref")
        self._block(tag)

    def handle_endtag(self, tag: str) -> None:
        self.in_backlink = False
        self._block(tag)

    def handle_data(self, data: str) -> None:
        if not self.in_backlink:
            self.parts.append(data)

    def _block(self, tag: str) -> None:
        if tag not in INLINE:
            self.parts.append("\n")


def plain_text(clean: str) -> str:
    """The words of sanitised HTML, runs of white space as one space."""
    parser = _Text()
    parser.feed(clean)
    parser.close()
    return " ".join("".join(parser.parts).split())

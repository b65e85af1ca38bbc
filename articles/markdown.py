"""From what an author writes to what a reader reads: Markdown in, sanitised HTML out. No database, no request, no settings.

What comes out of Python-Markdown is not trusted: nh3 lets through the tags and attributes named here and nothing else. Authors are
colleagues, but an account can be stolen, and text can be pasted.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from markdown import Markdown
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.tables import TableExtension
from markdown.extensions.toc import TocExtension, slugify_unicode

from .markdown_extensions import HAN, ID_PREFIX, IctigerExtension, Size

# Limits that keep the time to render bounded. Python-Markdown looks for the end of each bracket, so n open ones cost n² steps.
MAX_CHARACTERS = 200_000
MAX_PARAGRAPH = 10_000  # characters without an empty line between them
MAX_OPEN = {"[]": 40, "()": 40, "<>": 200}  # brackets not closed in one paragraph
MAX_SIGNS = {
    "`": 500,
    "~~": 500,
}  # runs of them in one paragraph: from each, too, it may look for the end through all that follows
MAX_DEPTH = 20  # quotes within quotes
MAX_NOTES = 1_000  # footnotes and references to them
MAX_FENCES = 1_000  # lines that begin or end code

# Silent reading of English non-fiction: 238 words a minute (Brysbaert 2019, doi:10.1016/j.jml.2019.104047). For Chinese, 400 characters
# a minute is a convention within the range that studies of silent reading report.
LATIN_WORDS_PER_MINUTE = 238
HAN_CHARACTERS_PER_MINUTE = 400

# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption",
    "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "wbr",
}
# fmt: on
ATTRIBUTES = {
    "*": {"id", "class", "lang", "title"},
    "a": {"href", "rel"},
    "div": {"role", "tabindex", "aria-label"},
    "img": {"src", "alt", "width", "height", "loading"},
    "input": {"checked", "type"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
CLASSES = {
    "table",
    "highlight",
    "footnote",
    "footnote-ref",
    "footnote-backref",
    "task-list",
    "task-list-item",
    "filename",
}
LESS_THAN = re.compile(r"<(?=/?(?P<tag>[a-z][^\s/>]*)|(?P<comment>!--))?", re.IGNORECASE)
# An address that leads elsewhere, as browsers read it: blanks within it count for nothing, and a backslash is a slash.
OTHER_SITE = re.compile(r"https?:|(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}", re.IGNORECASE)
IGNORED_IN_ADDRESS = re.compile(r"[\x00-\x20]+")
PYGMENTS_CLASS = re.compile(r"[a-z][a-z0-9]{0,2}")
FIXED_VALUES = {  # on a div only what the box of a table has
    ("div", "role"): {"region"},
    ("div", "tabindex"): {"0"},
    ("img", "loading"): {"lazy"},
    ("input", "type"): {"checkbox"},
    ("a", "rel"): {"noopener"},
}

# fmt: off
INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup",
    "u", "var", "wbr",
}
# fmt: on
LATIN_WORD = re.compile(rf"[^\W_{HAN}]+(?:['’.,-][^\W_{HAN}]+)*")
HAN_CHARACTER = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Rendered:
    """`html` is safe to print as it is. `contents` lists the headings of two levels; `text` is what a reader reads, without markup."""

    html: str
    contents: list[dict[str, str | int]]
    text: str
    words: int
    reading_minutes: int


def _unknown_size(src: str) -> None:
    return None


def render(text: str, *, size_of: Callable[[str], Size | None] = _unknown_size) -> Rendered:
    """Render Markdown. Labels within are in the active language. Raises ValidationError, in words, for text that cannot be rendered.

    `size_of(src)` tells the width and height in pixels of a picture where they are known.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_limits(text)
    try:
        md = _converter(size_of)
        dirty = md.convert(text)
        clean = _sanitise(_escape_unknown_tags(dirty))
        contents = list(_headings(md.toc_tokens))
    except RecursionError as error:
        raise ValidationError(
            _("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting"
        ) from error
    plain = plain_text(clean)
    latin, han = len(LATIN_WORD.findall(plain)), len(HAN_CHARACTER.findall(plain))
    return Rendered(clean, contents, plain, words=latin + han, reading_minutes=_minutes(latin, han))


def _check_limits(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise ValidationError(
            _("This text has %(length)s characters; an article may have at most %(limit)s."),
            code="length",
            params={"length": len(text), "limit": MAX_CHARACTERS},
        )
    if text.count("[^") > MAX_NOTES:
        raise ValidationError(
            _("An article may have at most %(limit)s footnote marks."),
            code="notes",
            params={"limit": MAX_NOTES},
        )
    if len(re.findall(r"^[ \t>]*(?:```|~~~)", text, re.MULTILINE)) > MAX_FENCES:
        raise ValidationError(
            _("An article may have at most %(limit)s blocks of code."),
            code="code",
            params={"limit": MAX_FENCES // 2},
        )
    if re.search(r"^(?:[ \t]*>){%s}" % (MAX_DEPTH + 1), text, re.MULTILINE):
        raise ValidationError(_("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting")
    for paragraph in re.split(r"\n[ \t]*\n", _without_code(text)):
        _check_paragraph(paragraph)


def _without_code(text: str) -> str:
    """The text without its fenced code, which may have any brackets and any length."""
    kept, fence = [], ""
    for line in text.split("\n"):
        mark = re.match("`{3,}|~{3,}", line)
        if fence:
            fence = "" if mark and line.rstrip() == fence else fence
        elif mark:
            fence = mark[0]
        else:
            kept.append(line)
    return text if fence else "\n".join(kept)  # A fence that is never closed is no fence.


def _check_paragraph(paragraph: str) -> None:
    start = " ".join(paragraph[:60].split())
    if len(paragraph) > MAX_PARAGRAPH:
        raise ValidationError(
            _(
                "The paragraph that begins with “%(start)s” is longer than %(limit)s characters. Put empty lines between paragraphs."
            ),
            code="paragraph",
            params={"start": start, "limit": MAX_PARAGRAPH},
        )
    if any(_max_open(paragraph, pair) > limit for pair, limit in MAX_OPEN.items()):
        raise ValidationError(
            _("The paragraph that begins with “%(start)s” opens many brackets that it does not close."),
            code="brackets",
            params={"start": start},
        )
    for sign, limit in MAX_SIGNS.items():
        if len(re.findall(f"(?:{sign})+", paragraph)) > limit:
            raise ValidationError(
                _(
                    "The paragraph that begins with “%(start)s” has more than %(limit)s times %(sign)s. Put empty lines between paragraphs."
                ),
                code="signs",
                params={"start": start, "limit": limit, "sign": sign},
            )


def _max_open(paragraph: str, pair: str) -> int:
    """How many brackets of the pair are open at once, at most."""
    now = most = 0
    for bracket in re.findall(f"[{re.escape(pair)}]", paragraph):
        now = now + 1 if bracket == pair[0] else max(0, now - 1)
        most = max(most, now)
    return most


def _converter(size_of: Callable[[str], Size | None]) -> Markdown:
    """A fresh one for each text: converters keep state and are not safe between threads."""
    return Markdown(
        extensions=[
            "pymdownx.superfences",
            "pymdownx.highlight",
            "pymdownx.tilde",
            "pymdownx.tasklist",
            TableExtension(use_align_attribute=True),
            FootnoteExtension(
                BACKLINK_TITLE=_("Back to note %d in the text"),
                BACKLINK_TEXT="&#8617;&#65038;",
                USE_DEFINITION_ORDER=False,
            ),
            TocExtension(
                slugify=lambda title, separator: ID_PREFIX + slugify_unicode(title, separator),
                toc_depth="2-6",
            ),
            IctigerExtension(size_of),
        ],
        extension_configs={
            "pymdownx.highlight": {"use_pygments": True, "noclasses": False, "guess_lang": False},
            # A tilde alone is a range in Chinese: "5~10年，20~30年" is not a subscript.
            "pymdownx.tilde": {"subscript": False},
        },
        output_format="html",
    )


def _headings(tokens: list[dict]) -> Iterator[dict[str, str | int]]:
    for token in tokens:
        title = html.unescape(token["name"]).strip()
        if title and token["level"] <= 3:
            yield {"id": token["id"], "title": title, "level": token["level"]}
        yield from _headings(token["children"])


def _escape_unknown_tags(dirty: str) -> str:
    """Show `<` as typed before all that is neither an allowed tag nor a comment.

    nh3 would drop an unknown tag with what a browser reads as its attributes, and of some (`<script>`, `<template>`, `<textarea>`)
    all that follows as well.
    """

    def as_typed(found: re.Match) -> str:
        return "<" if found["comment"] or (found["tag"] or "").lower() in {*TAGS, "h1"} else "&lt;"

    return LESS_THAN.sub(as_typed, dirty)


def _sanitise(dirty: str) -> str:
    seen: set[str] = set()
    foreign: list[str] = []  # nh3 swallows what its callback raises

    def allow(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "id":
            if not value.startswith(ID_PREFIX) or value in seen:
                return None
            seen.add(value)
        if attribute == "class":
            return (
                " ".join(name for name in value.split() if name in CLASSES or PYGMENTS_CLASS.fullmatch(name))
                or None
            )
        if tag == "img" and attribute == "src" and OTHER_SITE.match(IGNORED_IN_ADDRESS.sub("", value)):
            foreign.append(value)
        allowed = FIXED_VALUES.get((tag, attribute))
        return value if allowed is None or value in allowed else None

    clean = nh3.clean(
        dirty,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=allow,
        set_tag_attribute_values={
            "input": {"disabled": ""}
        },  # one alone: nh3 writes several in no fixed order
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    if foreign:
        # It would tell its host who reads us, and our own content policy would not show it.
        raise ValidationError(
            _("The picture %(src)s is on another site. Upload it here and use its new address."),
            code="picture",
            params={"src": foreign[0][:200]},
        )
    return clean


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


def _minutes(latin: int, han: int) -> int:
    """Whole minutes to read so much, at least one."""
    return max(1, round(latin / LATIN_WORDS_PER_MINUTE + han / HAN_CHARACTERS_PER_MINUTE))

"""Limits that keep the time to render bounded, and texts legible to those who correct them."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_CHARACTERS = 200_000
MAX_PARAGRAPH = 10_000  # characters of running text without an empty line between them
MAX_OPEN = {"[]": 40, "()": 40, "<>": 200}  # brackets not closed in one paragraph
MAX_SIGNS = {"`": 500, "~~": 500, "*": 2_000, "_": 2_000}  # runs of them in one paragraph
MAX_QUOTES = 20  # quotes within quotes
MAX_TAGS = 500  # tags of HTML within one another
MAX_NOTES = 1_000  # footnotes and references to them
MAX_FENCES = 1_000  # lines that begin or end code

TAG = re.compile(r"<(/?)(?!(?:br|hr|img|input|wbr)\b)[a-z]")
FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
DEEP_QUOTE = re.compile(r"^(?:[ \t]*>){%s}" % (MAX_QUOTES + 1), re.MULTILINE)
# Lines that cannot be parted by empty ones: rows of tables, items, quotes, HTML, definitions. Each counts by
# itself.
OWN_LINE = re.compile(r"[ \t]*(?:\||[*+-][ \t]|\d{1,9}[.)][ \t]|[<>]|\[[^\]\n]*\]:)")


def refuse_endless(text: str) -> None:
    """Raise ValidationError, in words, for text that is too long or has no end of brackets, signs, notes or
    code."""
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
    if len(FENCE.findall(text)) > MAX_FENCES:
        raise ValidationError(
            _("An article may have at most %(limit)s blocks of code."),
            code="code",
            params={"limit": MAX_FENCES // 2},
        )
    if DEEP_QUOTE.search(text):
        raise ValidationError(_("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting")
    for paragraph in _stretches(_without_code(text)):
        _refuse_endless_paragraph(paragraph)


def _stretches(text: str) -> list[str]:
    """The text taken apart at empty lines, and before each line that stands for itself."""
    stretches: list[list[str]] = [[]]
    for line in text.split("\n"):
        if not line.strip() or OWN_LINE.match(line):
            stretches.append([])
        stretches[-1].append(line)
    return ["\n".join(lines) for lines in stretches if lines != [""]]


def _without_code(text: str) -> str:
    """The text without its fenced code, which may have any brackets and any length."""
    kept, fence = [], ""
    for line in text.split("\n"):
        mark = re.match("[ \t>]*(`{3,}|~{3,})", line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and line.strip(" \t>") == mark[1] else fence
        elif mark:
            fence = mark[1]
        else:
            kept.append(line)
    return "\n".join(kept)


def _refuse_endless_paragraph(paragraph: str) -> None:
    start = " ".join(paragraph[:60].split())
    if len(paragraph) > MAX_PARAGRAPH:
        raise ValidationError(
            _(
                "The paragraph that begins with “%(start)s” is longer than %(limit)s characters. "
                "Put empty lines between paragraphs."
            ),
            code="paragraph",
            params={"start": start, "limit": MAX_PARAGRAPH},
        )
    if any(_most_open(paragraph, pair) > limit for pair, limit in MAX_OPEN.items()):
        raise ValidationError(
            _("The paragraph that begins with “%(start)s” opens many brackets that it does not close."),
            code="brackets",
            params={"start": start},
        )
    for sign, limit in MAX_SIGNS.items():
        if paragraph.count(sign) > limit and len(re.findall(f"(?:{re.escape(sign)})+", paragraph)) > limit:
            raise ValidationError(
                _(
                    "The paragraph that begins with “%(start)s” has more than %(limit)s times %(sign)s. "
                    "Put empty lines between paragraphs."
                ),
                code="signs",
                params={"start": start, "limit": limit, "sign": sign},
            )


def _most_open(paragraph: str, pair: str) -> int:
    """How many brackets of the pair are open at once, at most."""
    if paragraph.count(pair[0]) <= MAX_OPEN[pair]:
        return 0
    now = most = 0
    for bracket in re.findall(f"[{re.escape(pair)}]", paragraph):
        now = now + 1 if bracket == pair[0] else max(0, now - 1)
        most = max(most, now)
    return most


def refuse_deep_html(pieces: list[str]) -> None:
    """Raise ValidationError for tags that are nested beyond what the sanitiser does in good time."""
    depth = 0
    for piece in pieces:
        for closing in TAG.findall(piece):
            depth = max(0, depth - 1) if closing else depth + 1
            if depth > MAX_TAGS:
                raise ValidationError(
                    _("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting"
                )

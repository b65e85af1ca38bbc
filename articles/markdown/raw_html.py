"""HTML that an author wrote: what is allowed is passed on to the sanitiser, the rest is escaped, and the
author is told."""

import re

from .embeds import card_of
from .html_text import (
    COMMENT,
    DEMOTED,
    ENTITY,
    REFUSED,
    TABLE_TAGS,
    TAG,
    escaped,
    is_allowed,
    name_of,
    values_of,
)
from .notices import Notice
from .urls import is_link

PART = re.compile(rf"{COMMENT.pattern}|{TAG.pattern}|{ENTITY.pattern}|[<>&]|[^<>&]+", re.DOTALL)


class OpenTags:
    """The tables of the author's that are open.

    Browsers move what stands in a table and in none of its cells before the table, so that words would change
    their order: the table is ended there.
    """

    def __init__(self) -> None:
        self.in_cell: list[bool] = []  # for each open table, the innermost last

    def begin(self, name: str) -> None:
        if name == "table":
            self.in_cell.append(False)
        elif self.in_cell and name in TABLE_TAGS:
            self.in_cell[-1] = name in ("caption", "td", "th")

    def end(self, name: str) -> bool:
        """Whether the tag may end something; `stray_ends` looks for what it ends."""
        if name == "table":
            if not self.in_cell:
                return False
            self.in_cell.pop()
        elif self.in_cell and name in TABLE_TAGS:
            self.in_cell[-1] = False
        return True

    def end_outside_cells(self) -> str:
        """The tags that end the tables in which text would stand in no cell."""
        ends = ""
        while self.in_cell and not self.in_cell[-1]:
            self.in_cell.pop()
            ends += "</table>"
        return ends


def safe_html(text: str, line: int, notices: list[Notice], tags: OpenTags) -> str:
    """A block of HTML with nothing in it that the sanitiser would take away with its content."""
    parts, counted = [], 0
    for found in PART.finditer(text):
        piece = found[0]
        line += text.count("\n", counted, found.start())
        counted = found.start()
        if piece.startswith("<!--") and len(piece) > 4:
            continue
        if found[2] or found[3]:
            shown = safe_tag(found, line, notices, tags)
            parts.append(tags.end_outside_cells() + shown if shown.startswith(("&", "<a")) else shown)
        elif piece.isspace():
            parts.append(piece)
        else:
            parts.append(
                tags.end_outside_cells()
                + (piece if len(piece) > 1 and piece.startswith("&") else escaped(piece))
            )
    return "".join(parts)


def safe_tag(
    found: re.Match[str], line: int, notices: list[Notice], tags: OpenTags, *, inline: bool = False
) -> str:
    """One tag as it goes to the sanitiser. `found` is a match of TAG. Parts of a table are none in the middle
    of a sentence."""
    name, tag = name_of(found), found[0]
    if name in REFUSED:
        return "" if found[1] else _refused(name, found[4], tag, line, notices)
    if not is_allowed(name) or (inline and name in TABLE_TAGS):
        notices.append(Notice("tag", line, tag))
        return escaped(tag)
    if found[1]:
        return f"</{DEMOTED.get(name, name)}>" if tags.end(name) else ""
    tags.begin(name)
    _tell_of_addresses(values_of(found[4]), name, line, notices)
    return f"<{DEMOTED.get(name, name)}{found[4]}>"


def _refused(name: str, attributes: str, tag: str, line: int, notices: list[Notice]) -> str:
    """A frame of a known video host becomes a link to it; other frames and players are left out by name."""
    source = values_of(attributes).get("src", "")
    card = card_of(source, values_of(attributes).get("title", "")) if name == "iframe" else None
    if card is None:
        notices.append(Notice("frame", line, source) if name == "iframe" else Notice("media", line, tag))
    return card or ""


def _tell_of_addresses(values: dict[str, str], name: str, line: int, notices: list[Notice]) -> None:
    for attribute, code in (("href", "address"), ("src", "picture")):
        value = values.get(attribute)
        if value is not None and not is_link(value, picture=name == "img"):
            notices.append(Notice(code, line, value))
    for attribute in values:
        if attribute == "style" or attribute.startswith("on"):
            notices.append(Notice("attribute", line, f'{attribute}="{values[attribute]}"'))

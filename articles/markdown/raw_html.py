"""HTML that an author wrote: what is allowed is passed on to the sanitiser, the rest is escaped, and the author is told."""

import re

from .embeds import card_of
from .html_text import COMMENT, DEMOTED, ENTITY, REFUSED, TAG, escaped, is_allowed, name_of, values_of
from .notices import Notice
from .urls import is_link

PART = re.compile(rf"{COMMENT.pattern}|{TAG.pattern}|{ENTITY.pattern}|[<>&]|[^<>&]+", re.DOTALL)


def safe_html(text: str, line: int, notices: list[Notice]) -> str:
    """A block of HTML with nothing in it that the sanitiser would take away with its content."""
    parts, counted = [], 0
    for found in PART.finditer(text):
        piece = found[0]
        line += text.count("\n", counted, found.start())
        counted = found.start()
        if piece.startswith("<!--") and len(piece) > 4:
            continue
        if found[2] or found[3]:
            parts.append(safe_tag(found, line, notices))
        elif len(piece) > 1 and piece.startswith("&"):
            parts.append(piece)
        else:
            parts.append(escaped(piece))
    return "".join(parts)


def safe_tag(found: re.Match[str], line: int, notices: list[Notice]) -> str:
    """One tag as it goes to the sanitiser. `found` is a match of TAG."""
    name, tag = name_of(found), found[0]
    if name in REFUSED:
        return "" if found[1] else _refused(name, found[4], tag, line, notices)
    if not is_allowed(name):
        notices.append(Notice("tag", line, tag))
        return escaped(tag)
    if found[1]:
        return f"</{DEMOTED.get(name, name)}>"
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

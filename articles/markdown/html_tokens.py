"""Sanitised HTML as tags and texts. It is well-formed and its attributes are quoted, so patterns are enough,
and faster than a parser."""

import html
import re
from collections.abc import Iterator

TOKEN = re.compile(r'<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>"]|"[^"]*")*)>|([^<]+|<)')
ATTRIBUTE = re.compile(r'([a-zA-Z-]+)="([^"]*)"')


def tokens(clean: str) -> Iterator[tuple[str, str, str, str]]:
    """For each tag `("/" or "", name, attributes, "")`, for each text `("", "", "", text)`, its entities
    read."""
    for end, name, attributes, text in TOKEN.findall(clean):
        yield end, name, attributes, html.unescape(text) if "&" in text else text


def attributes_of(text: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in ATTRIBUTE.findall(text)}

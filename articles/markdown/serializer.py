"""The tree as HTML. Python-Markdown's own serializer writes `title="title"` and `alt="alt"` as if they were
switches, without the text."""

import re
from xml.etree.ElementTree import Element

EMPTY = {"br", "hr", "img", "input"}
AMPERSAND = re.compile(r"&(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|[0-9A-Za-z]+);)")


def escaped(text: str) -> str:
    """Text of the tree as HTML. What reads like an entity is one: all others were escaped when the text was
    read."""
    if "&" in text:
        text = AMPERSAND.sub("&amp;", text)
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


def to_html(root: Element) -> str:
    parts: list[str] = []
    _write(root, parts)
    return "".join(parts)


def _write(element: Element, parts: list[str]) -> None:
    attributes = "".join(
        f' {name}="{escaped(value).replace(chr(34), "&quot;")}"' for name, value in sorted(element.items())
    )
    parts.append(f"<{element.tag}{attributes}>")
    if element.text:
        parts.append(escaped(element.text))
    for child in element:
        _write(child, parts)
    if element.tag not in EMPTY:
        parts.append(f"</{element.tag}>")
    if element.tail:
        parts.append(escaped(element.tail))

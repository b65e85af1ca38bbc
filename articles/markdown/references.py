"""Definitions of references, `[label]: address "title"` (CommonMark 0.31, 4.7)."""

import html
import re

LABEL = r"\[((?:[^\[\]\\]|\\.){1,999})\]"
TITLE = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\((?:[^()\\]|\\.)*\)'
ADDRESS = r"<(?:[^<>\n\\]|\\.)*>|[^\s<]\S*"
DEFINITION = re.compile(
    rf"[ ]{{0,3}}{LABEL}:[ \t]*\n?[ \t]*({ADDRESS})"
    rf"(?:(?:[ \t]+\n?|[ \t]*\n)[ \t]*({TITLE})[ \t]*(?=\n|\Z))?[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# A sentence after a bracket and a colon, `[注]: 这是说明`, is no definition, though the specification
# would take it for one.
SENTENCE = re.compile(r"[^\x00-\x7f]*[\u3400-\u9fff][^/.#:?]*")


def plain(text: str) -> str:
    """An address or a title without escapes, its entities read."""
    return html.unescape(ESCAPE.sub(_unescaped, text)) if "\\" in text or "&" in text else text


def _unescaped(found: re.Match[str]) -> str:
    return "&amp;" if found[1] == "&" else found[1]


def normal_label(label: str) -> str:
    """Labels are the same in either case and with any white space between their words."""
    return " ".join(label.split()).casefold()


def address_of(text: str) -> str:
    """The address as written, with or without angle brackets."""
    return plain(text[1:-1] if text.startswith("<") else text)


def take_definition(text: str) -> tuple[str, str, str, int] | None:
    """Label, address and title of the definition at the beginning of `text`, and its length; None if there is
    none."""
    found = DEFINITION.match(text)
    if found is None or "\n\n" in found[0].rstrip("\n"):
        return None
    label = normal_label(found[1])
    if not label or label.startswith("^") or SENTENCE.fullmatch(found[2]):
        return None
    return label, address_of(found[2]), plain((found[3] or "")[1:-1]), found.end()

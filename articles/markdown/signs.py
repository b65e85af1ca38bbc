"""The signs of CommonMark and GFM: escapes, code, entities, tags, addresses, breaks, emphasis,
strike-through."""

import html
import re
from bisect import bisect_left
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from .delimiters import run_of
from .html_text import COMMENT, ENTITY, TAG, name_of
from .inline import BareLink, Inline
from .notices import Notice
from .raw_html import safe_tag
from .urls import is_link, percent_encoded

PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
BACKTICKS = re.compile("`+")
AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]*)>")
MAIL_LINK = re.compile(
    r"<([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]{1,63})*)>"
)
BLANKS = re.compile(r"[ \t]*")


def read_escape(state: Inline) -> bool:
    after = state.text[state.position + 1 : state.position + 2]
    if after == "\n":
        _add_break(state, state.position + 2)
    elif after in PUNCTUATION and after:
        state.add_text(after)
        state.position += 2
    else:
        return False
    return True


def read_line_end(state: Inline) -> bool:
    """Two blanks before the end of a line break it; blanks beside the end of a line are dropped."""
    last = state.pieces[-1] if state.pieces else ""
    if isinstance(last, str) and last.endswith((" ", "\t")):
        stripped = last.rstrip(" \t")
        hard = last.endswith("  ")
        state.pieces[-1] = stripped
        if hard:
            _add_break(state, state.position + 1)
            return True
    state.pieces.append("\n")
    state.position = BLANKS.match(state.text, state.position + 1).end()
    return True


def _add_break(state: Inline, position: int) -> None:
    state.position = BLANKS.match(state.text, position).end()
    state.pieces.append(Element("br"))


def read_code(state: Inline) -> bool:
    length = BACKTICKS.match(state.text, state.position).end() - state.position
    start = state.position + length
    end = _end_of_code(state, start, length)
    if end is None:
        state.add_text("`" * length)
        state.position = start
        return True
    code = state.text[start:end].replace("\n", " ")
    if len(code) > 2 and code[0] == code[-1] == " " and code.strip(" "):
        code = code[1:-1]
    element = Element("code")
    element.text = AtomicString(code.replace("&", "&amp;"))
    state.pieces.append(element)
    state.position = end + length
    return True


def _end_of_code(state: Inline, start: int, length: int) -> int | None:
    """Where the next run of as many backticks begins."""
    runs = state.memory.get("backticks")
    if runs is None:
        runs = state.memory["backticks"] = {}
        for found in BACKTICKS.finditer(state.text):
            runs.setdefault(len(found[0]), []).append(found.start())
    places = runs.get(length, [])
    index = bisect_left(places, start)
    return places[index] if index < len(places) else None


def read_entity(state: Inline) -> bool:
    found = ENTITY.match(state.text, state.position)
    if found is None:
        return False
    character = html.unescape(found[0])
    if character == found[0] or (not found[0].startswith("&#") and character.endswith(";")):
        return False  # no such name
    state.add_text("\ufffd" if character in ("\x00", "\x02", "\x03", "") else character)
    state.position = found.end()
    return True


def read_autolink(state: Inline) -> bool:
    found = AUTOLINK.match(state.text, state.position)
    mail = None if found else MAIL_LINK.match(state.text, state.position)
    if mail is not None:
        state.pieces.append(BareLink(mail[1], f"mailto:{mail[1]}"))
        state.position = mail.end()
        return True
    if found is None:
        return False
    if not is_link(found[1]):
        state.md.notices.append(Notice("address", state.line_at(state.position), found[1]))
        return False
    state.pieces.append(BareLink(found[1], percent_encoded(found[1])))
    state.position = found.end()
    return True


def read_tag(state: Inline) -> bool:
    if state.text.startswith("<!--", state.position) and not state.memory.get("no comment ends"):
        comment = COMMENT.match(state.text, state.position)
        if comment is not None:
            state.position = comment.end()
            return True
        state.memory["no comment ends"] = True
    found = TAG.match(state.text, state.position)
    if found is None:
        return False
    if name_of(found) == "a":
        state.in_link = max(0, state.in_link + (-1 if found[1] else 1))
    html = safe_tag(found, state.line_at(state.position), state.md.notices, state.md.tags, inline=True)
    if html.startswith("&"):
        state.add_text(found[0])
    elif html:
        state.add_html(html)
    state.position = found.end()
    return True


def read_run(state: Inline) -> bool:
    """A run of stars or underscores, or a pair of tildes: one alone is a range in Chinese, `5~10年`."""
    text, start = state.text, state.position
    sign, end = text[start], start
    while end < len(text) and text[end] == sign:
        end += 1
    state.position = end
    if sign == "~" and end - start != 2:
        state.add_text(text[start:end])
        return True
    run = run_of(sign, end - start, text[start - 1 : start] if start else "", text[end : end + 1])
    state.runs.add(run)
    state.pieces.append(run)
    return True

"""Links and pictures: `[text](address "title")`, `[text][label]`, `[label]` (CommonMark 0.31, 6.3 and
6.4)."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .inline import BareLink, Inline, Mark
from .notices import Notice
from .references import address_of, normal_label, plain
from .urls import is_link, own_path, percent_encoded

SPACE = re.compile(r"[ \t]*\n?[ \t]*")
POINTED = re.compile(r"<(?:[^<>\n\\]|\\.)*>")
TITLE = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\((?:[^()\\]|\\.)*\)', re.DOTALL)
LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999})\]", re.DOTALL)
# An address with blanks in it is none for CommonMark, but authors paste them: `[map](maps/north side.png)`.
SPACED = re.compile(
    r"""\([ \t]*((?=[^\n]*[/.#])[!-~]"""
    r"""(?:[^\n()<>"'&\[\]\u3000-\u303f\uff00-\uffef]|\([^\n()<>"'&\[\]]*\))*?)[ \t]*\)"""
)
MAX_PARENTHESES = 32  # within one another in an address


@dataclass(slots=True, eq=False)
class Bracket:
    """An opening bracket: where it stands in the source and among the pieces, and what was open before it."""

    start: int
    index: int
    picture: bool
    mark: Mark
    bottom: object
    active: bool = True


def open_bracket(state: Inline) -> bool:
    picture = state.text[state.position] == "!"
    if picture and not state.text.startswith("![", state.position):
        return False
    mark = Mark("![" if picture else "[")
    state.brackets.append(
        Bracket(state.position + 1 + picture, len(state.pieces), picture, mark, state.runs.last)
    )
    state.pieces.append(mark)
    state.position += 1 + picture
    return True


def close_bracket(state: Inline) -> bool:
    """A closing bracket ends a link or a picture if an address or a known label follows."""
    if not state.brackets:
        return False
    bracket = state.brackets.pop()
    if not bracket.active:
        return False
    target = (
        inline_target(state.text, state.position + 1) or _reference(state, bracket) or _spaced_target(state)
    )
    if target is None:
        return False
    address, title, end = target
    state.runs.pair(bracket.bottom)
    address = own_path(address, state.md.site_url) if bracket.picture else address
    if not is_link(address, picture=bracket.picture):
        state.md.notices.append(
            Notice("picture" if bracket.picture else "address", state.line_at(bracket.start), address)
        )
    attributes = {"title": escape(title)} if title else {}
    if bracket.picture:
        _end_picture(state, bracket, {"src": escape(percent_encoded(address)), **attributes})
    else:
        _end_link(state, bracket, {"href": escape(percent_encoded(address)), **attributes})
    state.position = end
    return True


def escape(text: str) -> str:
    """Python-Markdown's serializer leaves what looks like an entity alone, so ampersands are written as
    entities before it."""
    return text.replace("&", "&amp;")


def _end_link(state: Inline, bracket: Bracket, attributes: dict[str, str]) -> None:
    for index in range(bracket.index, len(state.pieces)):
        if isinstance(state.pieces[index], BareLink):  # a link holds no other
            state.pieces[index] = escape(state.pieces[index].text)
    bracket.mark.element = Element("a", attributes)
    state.pieces.append(Mark("]", closes=True))
    for other in state.brackets:
        other.active = other.active and other.picture


def _end_picture(state: Inline, bracket: Bracket, attributes: dict[str, str]) -> None:
    words = "".join(state.words_of(piece) for piece in state.pieces[bracket.index + 1 :])
    del state.pieces[bracket.index :]
    state.pieces.append(Element("img", {"alt": words, **attributes}))


def inline_target(text: str, start: int) -> tuple[str, str, int] | None:
    """Address, title and end of what begins with the parenthesis at `start`; None if it is no target of a
    link."""
    if not text.startswith("(", start):
        return None
    position = SPACE.match(text, start + 1).end()
    end = _end_of_address(text, position)
    if end is None:
        return None
    address, after = address_of(text[position:end]), SPACE.match(text, end).end()
    found = TITLE.match(text, after) if after > end else None
    if found is not None:
        after = SPACE.match(text, found.end()).end()
    if not text.startswith(")", after):
        return None
    return address, plain(found[0][1:-1]) if found else "", after + 1


def _spaced_target(state: Inline) -> tuple[str, str, int] | None:
    """A target that CommonMark would not take, because its address has blanks in it."""
    found = SPACED.match(state.text, state.position + 1)
    if found is None:
        return None
    state.md.notices.append(Notice("blanks", state.line_at(state.position), found[1]))
    return plain(found[1]), "", found.end()


def _end_of_address(text: str, start: int) -> int | None:
    if text.startswith("<", start):
        found = POINTED.match(text, start)
        return found.end() if found else None
    depth, position = 0, start
    while position < len(text):
        sign = text[position]
        if sign == "\\" and position + 1 < len(text) and text[position + 1] in "()\\":
            position += 1
        elif sign == "(":
            depth += 1
            if depth > MAX_PARENTHESES:
                return None
        elif sign == ")":
            depth -= 1
            if depth < 0:
                break
        elif sign <= " ":
            break
        position += 1
    return position if depth <= 0 else None


def _reference(state: Inline, bracket: Bracket) -> tuple[str, str, int] | None:
    """The target that a label names: the one that follows, or the text between the brackets."""
    end = state.position + 1
    found = LABEL.match(state.text, end)
    label = found[1] if found is not None else ""
    if not label and state.position - bracket.start <= 999:
        label = state.text[bracket.start : state.position]
    target = state.md.references.get(normal_label(label)) if label else None
    if target is None:
        return None
    state.md.used_labels.add(normal_label(label))
    return *target, found.end() if found is not None else end

"""The house's rule checked: every letter and digit of the source, less markup, is in the rendered text, in
order.

The source is read here by patterns, apart from the renderer. What a pattern of MARKUP finds may be missing
from the rendered text, and nothing else may; that is the whole list of exceptions. Notes are compared one by
one, since they stand elsewhere than they were written.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from .code import file_name
from .formulas import INLINE as FORMULA
from .formulas import is_formula
from .html_text import BLOCK_TAGS, DEMOTED, ENTITY, REFUSED, TAG, TAGS, name_of, values_of
from .html_tokens import attributes_of, tokens
from .links import SPACED
from .references import ADDRESS, ESCAPE, LABEL, TITLE
from .source import clean, front_matter_length

_START = r"^(?=[^\n])[ \t]*(?:(?:>|[*+-](?=[ \t])|\d{1,9}[.)](?=[ \t]|$)|\[\^[^\]\n]+\]:)[ \t]*)*"
_ADDRESS = r"(?:<[^<>\n]*>|(?!<)(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*\))*)"

# A tag ends with its block: in `a<b`, an empty line, `x>y` there is none.
TAG_IN_BLOCK = re.compile(rf"(?!<[^<>]*\n[ \t]*\n){TAG.pattern}")

_BLOCK_TAG = rf"(?:</?(?:{'|'.join(sorted(BLOCK_TAGS | {'iframe'}))})|<pre)(?=[\s/>]|$)"
# A line that begins another block ends what began in the lines before it.
_BREAK = (
    rf"(?:>|[*+-][ \t]+\S|1[.)][ \t]+\S|\#|```(?=[^`\n]*$)|~~~"
    rf"|\|[ \t:|-]*-[ \t:|-]*$|[=*_-]+[ \t]*$|(?P<comment><!--)|<[?]"
    rf"|\$\$(?:[^$\n]*\$\$)?[ \t]*$|\[\^[^\]\n]+\]:|{_BLOCK_TAG}|<(?P<program>script|style|textarea))"
)
BLOCK_BREAK = re.compile(rf"\n {{0,3}}{_BREAK}", re.MULTILINE | re.IGNORECASE)
BREAK_IN_LIST = re.compile(rf"\n[ \t]*(?:{_BREAK}|\d{{1,9}}[.)][ \t])", re.MULTILINE | re.IGNORECASE)
LIST_ITEM = re.compile(r"^[ \t>]*(?:[*+-]|\d{1,9}[.)]|\[\^[^\]\n]+\]:)(?:[ \t]|$)", re.MULTILINE)
# Code of programs, comments and headings end with their line.
ONE_LINE = re.compile(
    rf"(?! {{4}}){_START}(?:\#|<!--|<[?]|<(?:script|style|textarea)[\s>][^\n]*</)",
    re.MULTILINE | re.IGNORECASE,
)
INDENTED = re.compile(r" {4}| {0,3}\t")
HTML_BLOCK = re.compile(_START + _BLOCK_TAG, re.IGNORECASE)

_MARKUP = rf"""
    (?=[<\[\]&$`\\])(?:
        (?P<escape>\\[!-/:-@\[-`{{-~])|
        (?P<code>(?!^`{{3,}}[^`\n]*$)(?:(?<!`)|(?<=\\`))(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)*?
            (?<!`)(?P=ticks)(?!`))|
        (?P<comment><!--(?:>|->|(?:(?!\n[ \t]*\n|-->).)*-->))
        |(?P<target>\]\([ \t]*\n?[ \t]*{_ADDRESS}(?:[ \t]*\n?[ \t]*(?P<words>{TITLE}))?[ \t]*\n?[ \t]*\))
        |(?P<spaced>\]{SPACED.pattern})
        |(?P<label>\]\[(?:(?!<!--)[^\[\]])*\](?!\())
        |(?P<reference>\[\^[^\]\n]+\](?![:(]))
        |(?P<tag>{TAG_IN_BLOCK.pattern})
        |(?P<entity>{ENTITY.pattern})
        |(?<![0-9A-Za-z])(?P<display>\$\$(?:(?!\n[ \t]*\n)(?:[^$\\]|\\.)){{1,2000}}\$\$(?!\$))
        |(?<![0-9A-Za-z$])(?P<formula>{FORMULA.pattern})
    )
    |(?P<start>{_START})(?:
        (?P<task>\[[xX]\])(?=[ \t])
        |(?:`{{3,}}(?=[^`\n]*$)|~{{3,}})(?P<info>[^\n]*)
        |(?P<shown><!--.*?-->)
        |(?P<definition>(?!\[\^){LABEL}:)[ \t]*\n?[ \t]*(?P<address>{ADDRESS})
            (?:(?:[ \t]+\n?|[ \t]*\n)[ \t]*(?P<title>{TITLE})(?=[ \t]*$))?[ \t]*$
        |(?P<block>\$\$(?:[^$]|\$(?!\$)){{0,5000}}?\$\$[ \t]*$)
        |(?P<callout>\[![A-Za-z]+\])
        |(?P<contents>\[TOC\])[ \t]*$
    )?
    |(?P<noted>\[\^(?P<note>[^\]\n]+)\]\((?P<beside>[^()\n]*)\))
    |(?P<mark>\[\^[^\]\n]+\])
"""
MARKUP = re.compile(
    "".join(line.strip() for line in _MARKUP.splitlines()), re.MULTILINE | re.DOTALL | re.IGNORECASE
)
NO_LETTER = re.compile(r"[\W_]+")
NOT_READ = {"footnote-ref", "footnote-backref", "callout-label", "toc", "video"}  # what the renderer adds
NOTE_ID = "s-fn:"
VOID = {"br", "hr", "img", "input", "wbr", "mspace", "mprescripts", "none"}
MAX_TOLD = 20
MAX_STATES = 16  # readings of optional markup that are followed at once
INSERTED = 400  # letters that may stand in the rendered text without being in the source


class RenderedText(Protocol):
    html: str
    note_lines: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the source: the letters that the rendered text may have in its place. One alternative alone
    must be there."""

    alternatives: tuple[str, ...]
    line: int


def lost_text(source: str, rendered: RenderedText) -> list[tuple[int, str]]:
    """What is missing from the rendered text: the line of the source and the letters, in order; empty if
    nothing is."""
    source = clean(source, [])
    length = front_matter_length(source)
    source = "\n" * source.count("\n", 0, length) + source[length:]
    streams = _streams_of(rendered.html)
    body, notes = _without_notes(source, rendered.note_lines)
    lost = list(_missing(parts_of(body), streams.get("", "")))
    for label, text in notes.items():
        lost += _missing(parts_of(text), streams.get(label, ""))
    return sorted(lost)[:MAX_TOLD]


def letters(text: str) -> str:
    return NO_LETTER.sub("", text)


def _without_notes(source: str, note_lines: dict[str, tuple[int, int]]) -> tuple[str, dict[str, str]]:
    """The source with empty lines where notes are, and each note with empty lines before it."""
    lines, notes = source.split("\n"), {}
    for label, (first, last) in note_lines.items():
        notes[label] = "\n" * (first - 1) + "\n".join(lines[first - 1 : last])
    for first, last in note_lines.values():
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines), notes


# --- the source


def parts_of(source: str) -> Iterator[Part]:
    """The source as parts, each line's letters apart."""
    position, line, start = 0, 1, 0
    while (found := MARKUP.search(source, start)) is not None:
        if _is_text(found) or _crosses_blocks(found):
            start = found.start() + 1
            continue
        yield from _required(source[position : found.start()], line)
        line += source.count("\n", position, found.start())
        for alternatives in _alternatives_of(found):
            if any(alternatives):
                yield Part(tuple(dict.fromkeys(alternatives)), line)
        line += found[0].count("\n")
        position = found.end()
        start = position + (not found[0])
    yield from _required(source[position:], line)


def _is_text(found: re.Match[str]) -> bool:
    """Whether it only looks like a formula, a tag, code, an escape or a link."""
    if found["formula"] is not None:
        return not is_formula(found["formula"][1:-1])
    if found["display"] is not None:
        return "<" in found["display"] and _is_in_html(found)
    if found["escape"] is not None:
        return found[0][1] in "<&" and _is_in_html(found)
    if found["code"] is not None:
        return "<" in found["code"] and _is_in_html(found)
    if found["target"] is not None:
        return "[" not in _block_before(found) or ("<" in found["target"] and _is_in_html(found))
    tag = TAG.match(found["tag"]) if found["tag"] is not None else None
    return tag is not None and not _may_be_missing(tag)


def _crosses_blocks(found: re.Match[str]) -> bool:
    """Whether another block begins within it, so that it is only text."""
    if "\n" not in found[0] or found["start"] is not None or found["tag"] is not None:
        return False
    source, start = found.string, found.start()
    line = source.rfind("\n", 0, start) + 1
    at_start = not source[line:start].strip(" \t>")
    if at_start and (found["comment"] is not None or found["display"] is not None):
        return False  # a block of its own
    if found["comment"] is not None and _is_in_html(found):
        return False
    if ONE_LINE.match(source, line):
        return True
    if INDENTED.match(source, line) and _follows_empty_line(source, line) and not _is_in_list(found):
        return True
    return _has_break(found)


def _has_break(found: re.Match[str]) -> bool:
    source, end = found.string, found.string.find("\n", found.end())
    pattern = BREAK_IN_LIST if _is_in_list(found) else BLOCK_BREAK
    position = found.start()
    while broken := pattern.search(source, position, end if end >= 0 else len(source)):
        if broken.start() >= found.end():
            return False
        is_formula_end = found["display"] is not None and broken[0].lstrip().startswith("$$")
        if not is_formula_end and _comes_to_an_end(broken):
            return True
        position = broken.end()
    return False


def _comes_to_an_end(broken: re.Match[str]) -> bool:
    """A comment or a program that never ends is none."""
    end = "-->" if broken["comment"] is not None else f"</{broken['program']}>" if broken["program"] else ""
    return broken.string.find(end, broken.end()) >= 0


def _is_in_list(found: re.Match[str]) -> bool:
    return LIST_ITEM.search(_block_before(found)) is not None


def _follows_empty_line(source: str, line: int) -> bool:
    return line == 0 or not source[source.rfind("\n", 0, line - 1) + 1 : line].strip()


def _is_in_html(found: re.Match[str]) -> bool:
    """Whether it stands in a block of HTML, where nothing but tags and comments is markup."""
    if any(HTML_BLOCK.match(line) for line in _block_before(found).split("\n")):
        return True
    source, start = found.string, found.start()
    preformatted = source.rfind("\n<pre", 0, start) if not source.startswith("<pre") else 0
    return preformatted >= 0 and source.find("</pre>", preformatted, start) < 0


def _block_before(found: re.Match[str]) -> str:
    """What stands between the last empty line and a piece of markup."""
    source, end = found.string, found.start()
    return source[max(0, source.rfind("\n\n", 0, end)) : end]


def _required(text: str, line: int) -> Iterator[Part]:
    for number, piece in enumerate(text.split("\n"), line):
        if found := letters(piece):
            yield Part((found,), number)


def _alternatives_of(found: re.Match[str]) -> Iterator[tuple[str, ...]]:
    """For each part of a piece of markup, the letters that may be read in its place."""
    kind = found.lastgroup
    if found["start"] is not None:
        yield from _alternatives_of_start(found)
    elif found["target"] is not None:
        yield "", letters(found[0]), *_readings(found["words"] or "")
    elif found["tag"] is not None:
        yield "", letters(found[0]), *_readings(_description_of(found[0]))
    elif found["code"] is not None:
        yield _readings(found[0])
    elif found["noted"] is not None:
        yield letters(found[0]), letters(found["note"]), letters(found["beside"])
    elif found["entity"] is not None:
        yield letters(found[0]), letters(html.unescape(found[0]))
    elif kind is not None:
        yield "", *_readings(found[0])


def _alternatives_of_start(found: re.Match[str]) -> Iterator[tuple[str, ...]]:
    numbers = re.findall(r"\d+", found["start"])
    yield "", letters(found["start"]), *numbers[-1:]
    if found["info"] is not None:
        yield "", letters(found["info"]), letters(file_name(found["info"]))
    for name in ("task", "definition", "address", "title", "shown", "block", "callout", "contents"):
        if found[name] is not None:
            yield "", *_readings(found[name])


def _readings(text: str) -> tuple[str, ...]:
    """The letters of a text as typed, with its entities read, and without its tags."""
    if "&" not in text and "<" not in text and "\\" not in text:
        return (letters(text),)
    read = html.unescape(ESCAPE.sub(r"\1", text))
    return letters(text), letters(read), letters(html.unescape(TAG_IN_BLOCK.sub(_kept_tag, text)))


def _kept_tag(tag: re.Match[str]) -> str:
    return "" if _may_be_missing(tag) else tag[0]


def _may_be_missing(tag: re.Match[str]) -> bool:
    return name_of(tag) in TAGS | REFUSED | DEMOTED.keys()


def _description_of(tag: str) -> str:
    found = TAG.match(tag)
    return values_of(found[4]).get("alt", "") if found and found[4] else ""


# --- the rendered text


def _streams_of(clean_html: str) -> dict[str, str]:
    """The letters of the text, and of each note by its label, descriptions of pictures among them."""
    streams: dict[str, list[str]] = {"": []}
    open_tags: list[tuple[bool, str]] = [
        (True, "")
    ]  # of each element: whether what stands in it is read, and the note it is in
    for end, name, attributes, text in tokens(clean_html):
        read, label = open_tags[-1]
        if name == "img":
            text = attributes_of(attributes).get("alt", "")
        if text and read:
            streams.setdefault(label, []).append(text)
        if end:
            if len(open_tags) > 1 and name not in VOID:
                open_tags.pop()
        elif name and name not in VOID:
            open_tags.append(_opened(name, attributes, read, label))
    return {label: letters("".join(parts)) for label, parts in streams.items()}


def _opened(name: str, attributes: str, read: bool, label: str) -> tuple[bool, str]:
    values = attributes_of(attributes) if attributes else {}
    if name == "li" and values.get("id", "").startswith(NOTE_ID):
        label = values["id"].removeprefix(NOTE_ID)
    return read and name != "math" and not NOT_READ & set(values.get("class", "").split()), label


# --- the comparison


def _missing(parts: Iterable[Part], text: str) -> Iterator[tuple[int, str]]:
    """Follow the parts through the text; what must be there and is not."""
    places, astray = {0}, False
    for part in parts:
        after = {
            place + len(choice)
            for place in places
            for choice in part.alternatives
            if text.startswith(choice, place)
        }
        if not after and (astray or len(part.alternatives) == 1):
            after = _found_later(part, text, min(places), far=astray)
        if after:
            places = set(sorted(after)[:MAX_STATES])
            astray = astray and len(max(part.alternatives, key=len)) < 4
        elif not astray:
            yield part.line, _from_first_difference(part.alternatives[-1], text, min(places))
            astray = True


def _found_later(part: Part, text: str, start: int, *, far: bool) -> set[int]:
    """Where the part ends if the rendered text has something of its own before it."""
    choice = max(part.alternatives, key=len)
    if len(choice) < 4 and far:
        return set()
    place = text.find(choice, start, None if far else start + INSERTED + len(choice))
    return {place + len(choice)} if place >= 0 else set()


def _from_first_difference(choice: str, text: str, start: int) -> str:
    same = next(
        (index for index, letter in enumerate(choice) if text[start + index : start + index + 1] != letter), 0
    )
    return choice[max(0, same - 10) : same + 40]

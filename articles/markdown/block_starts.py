"""How each kind of block begins (CommonMark 0.31, chapters 4 and 5; GFM 4.10 for tables)."""

import re

from .block_reader import Block, BlockReader, Line, Start
from .html_text import BLOCK_START, COMMENT, PRE_END, PRE_START, SHOWN_START, starts_alone
from .notices import Notice
from .tables import alignments_of

FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)")
# Old Chinese texts lack the blank: `##第二章`. `#1` and `#tag` are no headings, nor is a tag of Weibo's kind,
# `#话题#`.
TIGHT_HEADING = re.compile(r"(#{2,6})(?=[^#\s])|(#)(?=[\u3400-\u9fff][^#]*(?:[ \t]#+)?$)")
CLOSING_SIGNS = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
MARKER = re.compile(r"([*+-]|(\d{1,9})([.)]))(?=[ \t]|$)")
NOTE = re.compile(r"\[\^([^\]\n]+)\]:")
COMMENT_END = re.compile("-->")
FORMULA_END = re.compile(r"[^$]*(?:\$(?!\$)[^$]*)*\$\$[ \t]*$")
MAX_FORMULA_LINES = 100
NOTE_MARGIN = 4  # columns under which the paragraphs of a note stand


def start_quote(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    if not line.rest.startswith(">"):
        return None
    line.take_mark(1)
    line.take_columns(1)
    reader.add_container("quote", line)
    return "container"


def start_heading(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    found = HEADING.match(line.rest) or TIGHT_HEADING.match(line.rest)
    if found is None:
        return None
    text = CLOSING_SIGNS.sub("", line.rest[found.end() :]).strip(" \t")
    reader.add_leaf("heading", line, level=len(found[1] or found[2])).lines.append(text)
    reader.close_leaf()
    return "leaf"


def start_fence(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    found = FENCE.match(line.rest)
    if found is None:
        return None
    mark, info = found[1] or found[3], found[2] or found[4] or ""
    reader.add_leaf("fence", line, mark=mark, info=info.strip(), indent=line.indent)
    return "leaf"


def start_html(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    rest = line.rest
    if not rest.startswith("<"):
        return None
    shown = SHOWN_START.match(rest)
    if shown:
        return _start_shown_html(
            reader, line, re.compile(f"</{shown[1]}>" if shown[1] else r"\?>", re.IGNORECASE)
        )
    if PRE_START.match(rest):
        end = PRE_END if _comes(reader, line, PRE_END) else None
    elif rest.startswith("<!--") and _comes(reader, line, COMMENT_END):
        end = COMMENT_END
    elif BLOCK_START.match(rest) or (paragraph is None and starts_alone(rest)):
        end = None
    else:
        return None
    reader.add_leaf("html", line, end=end).lines.append(line.text)
    if end is not None and (COMMENT.match(rest) if end is COMMENT_END else end.search(rest)):
        reader.close_leaf()
    return "leaf"


def _start_shown_html(reader: BlockReader, line: Line, end: re.Pattern[str]) -> str | None:
    if not _comes(reader, line, end):
        return None
    reader.notices.append(Notice("tag", line.number, line.rest))
    reader.add_leaf("html", line, end=end, shown=True).lines.append(line.text)
    if end.search(line.rest):
        reader.close_leaf()
    return "leaf"


def _comes(reader: BlockReader, line: Line, end: re.Pattern[str]) -> bool:
    """Whether the end comes at all, so that what lacks one does not take the rest of the text with it."""
    if end.search(line.rest, 4):
        return True
    last = reader.ends.get(end.pattern)
    if last is None:
        last = max((number for number, text in enumerate(reader.source, 1) if end.search(text)), default=0)
        reader.ends[end.pattern] = last
    return last > line.number


def start_formula(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    rest = line.rest.rstrip()
    if not rest.startswith("$$"):
        return None
    closed = len(rest) > 4 and rest.endswith("$$")
    if "$$" in (rest[2:-2] if closed else rest[2:]) or not (closed or _formula_ends(reader, line)):
        return None
    reader.add_leaf("math", line, end=FORMULA_END).lines.append(line.rest)
    if closed:
        reader.close_leaf()
    return "leaf"


def _formula_ends(reader: BlockReader, line: Line) -> bool:
    """Whether the next signs of a formula end a line, and this formula with it."""
    following = reader.source[line.number : line.number + MAX_FORMULA_LINES]
    end = next((text for text in following if "$$" in text), None)
    return end is not None and FORMULA_END.fullmatch(end) is not None


def start_underlined_heading(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    found = UNDERLINE.match(line.rest)
    if paragraph is None or found is None:
        return None
    reader.take_definitions(paragraph)
    if not paragraph.lines:
        return None
    paragraph.kind, paragraph.data["level"] = "heading", 1 if found[1][0] == "=" else 2
    reader.touch(line)
    reader.leaf = None
    return "leaf"


def start_table(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    """A paragraph's last line is the head of a table if a row of dashes follows it."""
    if paragraph is None or line.text[line.first] not in "|:-":
        return None
    alignments = alignments_of(line.rest, paragraph.lines[-1])
    if alignments is None:
        return None
    head, number = paragraph.lines.pop(), line.number - 1
    if not paragraph.lines:
        reader.open[-1].children.remove(paragraph)
        reader.leaf = None
    table = reader.add_leaf("table", line, alignments=alignments)
    table.line = number
    table.lines.append(head)
    return "leaf"


def start_rule(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    if not RULE.match(line.rest):
        return None
    reader.add_leaf("rule", line)
    reader.close_leaf()
    return "leaf"


def start_item(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    found = MARKER.match(line.rest)
    if found is None:
        return None
    number, kind = int(found[2] or 0), found[3] or found[1]
    after = line.rest[found.end() :]
    if paragraph is not None and (not after.strip() or (found[2] and number != 1)):
        return None  # a year at the beginning of a line is no list
    before, width = line.indent, found.end()
    line.take_mark(width)
    padding = width + (line.indent if not line.blank and line.indent <= 4 else 1)
    line.take_columns(padding - width)
    if not _goes_on_with_list(reader, kind):
        reader.add_container("list", line, marker=kind, start=number if found[2] else None)
    reader.add_container("item", line, margin=before + padding, empty=line.blank)
    return "container"


def _goes_on_with_list(reader: BlockReader, kind: str) -> bool:
    """Another kind of marker begins another list."""
    last = reader.open[reader.depth - 1]
    if last.kind != "list":
        return False
    if last.data["marker"] == kind:
        return True
    reader.depth -= 1
    return False


def start_note(reader: BlockReader, line: Line, paragraph: Block | None) -> str | None:
    found = NOTE.match(line.rest)
    if found is None:
        return None
    line.take_mark(found.end())
    line.take_columns(line.indent if line.indent <= 4 else 1)
    reader.add_container("note", line, label=found[1], margin=NOTE_MARGIN)
    return "container"


# A start whose first character is not among `BlockReader.signs` is never tried. What it begins is written by
# `TreeWriter._write_<kind>`.
# In this order: a row of stars is a rule before it is an item, and dashes under a row of cells are a table
# before they are a heading.
STARTS: list[Start] = [
    start_quote,
    start_heading,
    start_fence,
    start_html,
    start_formula,
    start_table,
    start_underlined_heading,
    start_rule,
    start_item,
    start_note,
]

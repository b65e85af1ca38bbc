"""All that is added to Python-Markdown, in one list. A later kind of mark, such as citation keys `[@key]`, is
one more entry in EXTENSIONS.

An entry is called with the converter. It may add signs (`add_signs`), beginnings of blocks (`md.starts`),
kinds of quotes (`md.quote_kinds`) and tree processors. Our own blocks are in STARTS of block_starts.py.
"""

import re
from collections.abc import Callable

from markdown import Markdown

from . import addresses, callouts, footnotes, formulas, links, signs, tree
from .block_starts import STARTS
from .code import Colours
from .inline import ADDRESS, Inline, InlineReader, add_signs
from .raw_html import OpenTags
from .serializer import to_html
from .stray_ends import DropStrayEnds
from .writer import TreeWriter

NOTE_REFERENCE = re.compile(r"\[\^([^\]\n]+)\]")


def add_core(md: Markdown) -> None:
    """CommonMark's blocks and signs, and strike-through."""
    md.starts, md.signs, md.quote_kinds = list(STARTS), {}, []
    md.used_labels, md.definitions, md.heading_ids = set(), {}, {}
    md.address_start = addresses.START
    md.signs[ADDRESS] = [addresses.read_address]
    md.parser, md.colours, md.tags = TreeWriter(md), Colours(), OpenTags()
    md.serializer = to_html
    md.preprocessors.deregister("html_block")  # blocks of HTML are read with the other blocks
    md.preprocessors.deregister(
        "normalize_whitespace"
    )  # it makes blanks of tabs, in code too; `source` has done the rest
    md.treeprocessors.register(InlineReader(md), "inline", 20)
    add_signs(md, "\\", signs.read_escape)
    add_signs(md, "\n", signs.read_line_end)
    add_signs(md, "`", signs.read_code)
    add_signs(md, "*_~", signs.read_run)
    add_signs(md, "&", signs.read_entity)
    add_signs(md, "<", signs.read_autolink, signs.read_tag)


def add_notes(md: Markdown) -> None:
    footnotes.add_notes(md)
    add_signs(md, "[", read_note_reference)


def read_note_reference(state: Inline) -> bool:
    found = NOTE_REFERENCE.match(state.text, state.position)
    if found is None or found[1] not in state.md.notes.definitions:
        return False
    state.pieces.append(state.md.notes.refer(found[1]))
    state.position = found.end()
    return True


def add_links(md: Markdown) -> None:
    add_signs(md, "[!", links.open_bracket)
    add_signs(md, "]", links.close_bracket)


def add_formulas(md: Markdown) -> None:
    md.formula = formulas.Formulas(md)
    add_signs(md, "$", formulas.read_formula)


def add_callouts(md: Markdown) -> None:
    md.quote_kinds.append(callouts.mark_callout)


def add_tree(md: Markdown) -> None:
    """What is done to the tree between the inline marks (20) and the indentation of the output (10). The
    contents (5) come next; then all tags are in their places (4)."""
    md.treeprocessors.register(tree.TightItems(md), "tight-items", 18)
    md.treeprocessors.register(tree.JoinChineseLines(md), "join-chinese-lines", 14)
    md.treeprocessors.register(tree.DemoteTitles(md), "demote-titles", 13)
    md.treeprocessors.register(tree.Pictures(md, md.size_of), "pictures", 12)
    md.treeprocessors.register(tree.ScrollingTables(md), "scrolling-tables", 11)
    md.treeprocessors.register(tree.OutsideLinks(md), "outside-links", 11)
    md.treeprocessors.register(DropStrayEnds(md), "stray-ends", 4)


# In this order: of two entries that add the same sign, the earlier looks at it first.
EXTENSIONS: list[Callable[[Markdown], None]] = [
    add_core,
    add_notes,
    add_links,
    add_formulas,
    add_callouts,
    add_tree,
]

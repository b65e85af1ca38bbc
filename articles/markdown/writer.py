"""The tree of blocks as an ElementTree, which Python-Markdown's tree processors and its serializer go on
with."""

import re
from itertools import pairwise
from xml.etree.ElementTree import Element, ElementTree, SubElement

from markdown.blockparser import BlockParser

from .block_reader import Block, BlockReader
from .footnotes import Notes
from .html_text import escaped
from .notices import Notice
from .raw_html import safe_html
from .tables import MAX_PADDED, cells_of

TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
TIGHT = "data-tight"  # marks the paragraphs of tight lists until their text has been read


class InlineText(str):
    """Text whose inline marks are still to be read, and the line of the source where it begins."""

    __slots__ = ("line",)
    line: int


def inline_text(text: str, line: int) -> InlineText:
    text = InlineText(text)
    text.line = line
    return text


class TreeWriter(BlockParser):
    """Python-Markdown's parser of blocks, replaced. `md.starts` holds how blocks begin, `md.notes` and
    `md.notices` are filled."""

    def parseDocument(self, lines: list[str]) -> ElementTree:  # noqa: N802 (the library's name)
        reader = BlockReader(self.md.starts, self.md.references, self.md.notices)
        document = reader.read(lines)
        self.md.definitions = reader.definitions
        root = Element(self.md.doc_tag)
        self.write(document, root)
        return ElementTree(root)

    def write(self, block: Block, parent: Element) -> None:
        """Write what stands within a block."""
        for child in block.children:
            if (
                child.kind not in ("html", "note")
                and self.md.tags.in_cell
                and (ends := self.md.tags.end_outside_cells())
            ):
                self._put_html(ends, parent)
            getattr(self, f"_write_{child.kind}")(child, parent)

    def _write_paragraph(self, block: Block, parent: Element) -> None:
        if block.lines:
            text = block.text.strip()
            SubElement(parent, "p").text = inline_text(text, block.data.get("line", block.line))

    def _write_heading(self, block: Block, parent: Element) -> None:
        SubElement(parent, f"h{block.data['level']}").text = inline_text(
            block.text.strip(), block.data.get("line", block.line)
        )

    def _write_rule(self, block: Block, parent: Element) -> None:
        SubElement(parent, "hr")

    def _write_quote(self, block: Block, parent: Element) -> None:
        quote = SubElement(parent, "blockquote")
        for mark in self.md.quote_kinds:
            mark(self.md, block, quote)
        self.write(block, quote)

    def _write_list(self, block: Block, parent: Element) -> None:
        start = block.data["start"]
        items = SubElement(parent, "ul" if start is None else "ol")
        if start not in (None, 1):
            items.set("start", str(start))
        tight = not _is_loose(block)
        for child in block.children:
            item = SubElement(items, "li")
            self._take_task_box(child, item, items)
            self.write(child, item)
            for paragraph in item if tight else ():
                if paragraph.tag == "p":
                    paragraph.set(TIGHT, "")

    def _take_task_box(self, block: Block, item: Element, items: Element) -> None:
        first = block.children[0] if block.children else None
        found = (
            TASK.match(first.lines[0])
            if first is not None and first.kind == "paragraph" and first.lines
            else None
        )
        if found:
            first.lines[0] = first.lines[0][found.end() :]
            first.data["task"] = True
            items.set("class", "task-list")
            item.set("class", "task-list-item")
            checked = "" if found[1] == " " else " checked"
            item.text = self.md.htmlStash.store(f'<input type="checkbox" disabled{checked}>') + " "

    def _write_note(self, block: Block, parent: Element) -> None:
        notes: Notes = self.md.notes
        if notes.add(block.data["label"], block):
            return
        self.md.notices.append(Notice("note twice", block.line, block.data["label"]))
        SubElement(parent, "p").text = inline_text(f"\\[^{block.data['label']}]:", block.line)
        self.write(block, parent)

    def _write_code(self, block: Block, parent: Element) -> None:
        self._put_html(self.md.colours.highlighted(block.text), parent)

    def _write_fence(self, block: Block, parent: Element) -> None:
        self._put_html(self.md.colours.highlighted(block.text, block.data["info"]), parent)

    def _write_html(self, block: Block, parent: Element) -> None:
        shown = block.data.get("shown")
        html = (
            self.md.colours.highlighted(block.text)
            if shown
            else safe_html(block.text, block.line, self.md.notices, self.md.tags)
        )
        if html.startswith('<a class="video"'):
            html = f"<p>{html}</p>"
        if html.strip():
            self._put_html(html, parent)

    def _write_math(self, block: Block, parent: Element) -> None:
        formula = self.md.formula(block.text.strip()[2:-2], block.line, True)
        if formula is not None:
            SubElement(parent, "p").text = self.md.htmlStash.store(formula)
        else:
            SubElement(parent, "p").text = self.md.htmlStash.store(f"<code>{escaped(block.text)}</code>")

    def _put_html(self, html: str, parent: Element) -> None:
        """Put finished HTML between blocks, without a paragraph around it."""
        held = "\n" + self.md.htmlStash.store(html) + "\n"
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + held
        else:
            parent.text = (parent.text or "") + held

    def _write_table(self, block: Block, parent: Element) -> None:
        table = SubElement(parent, "table")
        head, *rows = block.lines
        alignments = block.data["alignments"]
        self._write_row(
            SubElement(SubElement(table, "thead"), "tr"), "th", cells_of(head), alignments, block.line
        )
        if not rows:
            return
        body = SubElement(table, "tbody")
        pads = len(rows) * len(alignments) <= MAX_PADDED
        for number, row in enumerate(rows, block.line + 2):
            cells = cells_of(row)
            cells += [""] * (len(alignments) - len(cells)) if pads else []
            self._write_row(SubElement(body, "tr"), "td", cells, alignments, number)

    def _write_row(self, row: Element, tag: str, cells: list[str], alignments: list[str], line: int) -> None:
        for column, text in enumerate(cells):
            cell = SubElement(row, tag)
            cell.text = inline_text(text, line)
            if column < len(alignments) and alignments[column]:
                cell.set("align", alignments[column])


def _is_loose(block: Block) -> bool:
    """An empty line between two items, or between two blocks of one item, makes a list loose (CommonMark
    0.31, 5.3)."""
    items = block.children
    if any(after.line - before.end > 1 for before, after in pairwise(items)):
        return True
    pairs = (pair for item in items for pair in pairwise(item.children))
    return any(after.line - before.end > 1 for before, after in pairs)

"""End tags of the author's that would end an element of ours: they are left out.

Blocks of HTML are read before the text of paragraphs, so only the finished tree has all tags in their order.
"""

import re
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

from .html_text import TAG, VOID, name_of

OURS = ('<div class="highlight"', "<math", "<input")  # held HTML that is whole in itself


class DropStrayEnds(Treeprocessor):
    def run(self, root: Element) -> None:
        held = self.md.htmlStash.rawHtmlBlocks
        if any("</" in html and not html.startswith(OURS) for html in held):
            _Walk(held).visit(root)


class _Walk:
    """The tags in the order of the document. `open` holds those that are open: their names, and whether they
    are the author's."""

    def __init__(self, held: list[str]) -> None:
        self.held = held
        self.open: list[tuple[str, bool]] = []

    def visit(self, element: Element) -> None:
        depth = len(self.open)
        self.open.append((element.tag, False))
        self._read(element.text)
        for child in element:
            self.visit(child)
            self._read(child.tail)
        del self.open[depth:]

    def _read(self, text: str | None) -> None:
        if not text or "\x02" not in text:
            return
        for place in HTML_PLACEHOLDER_RE.finditer(text):
            number = int(place[1])
            html = self.held[number]
            if not html.startswith(OURS):
                self.held[number] = TAG.sub(self._kept, html)

    def _kept(self, tag: re.Match[str]) -> str:
        name = name_of(tag)
        if not tag[1]:
            if name not in VOID:
                self.open.append((name, True))
            return tag[0]
        backwards = range(len(self.open) - 1, -1, -1)
        found = next((index for index in backwards if self.open[index][0] == name), -1)
        if found < 0 or not self.open[found][1]:
            return ""
        del self.open[found]
        return tag[0]

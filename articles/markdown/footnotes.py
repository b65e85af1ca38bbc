"""Footnotes, `[^1]` and `[^1]: text`, numbered in the order in which the text refers to them.

The HTML is that of Python-Markdown's extension, which takes definitions from its own parser of blocks and so
cannot serve here.
"""

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext as _
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from .block_reader import Block
from .notices import Notice
from .raw_html import OpenTags

ID_PREFIX = "s-"
BACKLINK = "&#8617;&#65038;"


@dataclass
class Notes:
    """The notes of one text: their definitions by label, and how often each was referred to, in the order of
    the first time."""

    definitions: dict[str, Block] = field(default_factory=dict)
    references: dict[str, int] = field(default_factory=dict)

    def add(self, label: str, block: Block) -> bool:
        """Keep a definition; False if there is one already."""
        if label in self.definitions:
            return False
        self.definitions[label] = block
        return True

    def refer(self, label: str) -> Element:
        """The mark of a reference in the text."""
        self.references[label] = times = self.references.get(label, 0) + 1
        number = list(self.references).index(label) + 1 if times > 1 else len(self.references)
        mark = Element("sup", {"id": f"{ID_PREFIX}fnref{times if times > 1 else ''}:{label}"})
        SubElement(mark, "a", {"class": "footnote-ref", "href": f"#{ID_PREFIX}fn:{label}"}).text = str(number)
        return mark


class WriteNotes(Treeprocessor):
    """Puts the notes at the end of the text, with links back to each place that refers to them."""

    def run(self, root: Element) -> None:
        notes: Notes = self.md.notes
        if not notes.definitions:
            return
        box = SubElement(root, "div", {"class": "footnote"})
        SubElement(box, "hr")
        items = SubElement(box, "ol")
        written: list[tuple[str, Element]] = []
        while (label := self._next(notes, len(written))) is not None:
            item = SubElement(items, "li", {"id": f"{ID_PREFIX}fn:{label}"})
            written.append((label, item))
            self.md.tags = OpenTags()  # a note ends no tag of the text, nor of another note
            self.md.parser.write(notes.definitions[label], item)
            self.md.treeprocessors["inline"].run(item)
        for number, (label, item) in enumerate(written, 1):
            self._link_back(label, item, number, notes.references.get(label, 0))

    def _next(self, notes: Notes, done: int) -> str | None:
        """The next note to write: those referred to first, also by notes, then those that nothing refers
        to."""
        referred = list(notes.references)
        if done < len(referred):
            return referred[done]
        label = next((label for label in notes.definitions if label not in notes.references), None)
        if label is not None:
            self.md.notices.append(Notice("note unused", notes.definitions[label].line, label))
            notes.references[label] = 0
        return label

    def _link_back(self, label: str, item: Element, number: int, times: int) -> None:
        if not times:
            return
        last = item[-1] if len(item) and item[-1].tag == "p" else SubElement(item, "p")
        if len(last):
            last[-1].tail = (last[-1].tail or "") + "\u00a0"
        elif last.text:
            last.text += "\u00a0"
        title = _("Back to note %d in the text") % number
        for time in range(1, times + 1):
            attributes = {
                "class": "footnote-backref",
                "href": f"#{ID_PREFIX}fnref{time if time > 1 else ''}:{label}",
                "title": title,
            }
            link = SubElement(last, "a", attributes)
            link.text = BACKLINK
            if time < times:
                link.tail = " "


def add_notes(md: Markdown) -> None:
    md.notes = Notes()
    md.treeprocessors.register(
        WriteNotes(md), "notes", 19
    )  # the text has been read, and all references are known

"""What our Markdown does beyond Python-Markdown's: small processors, each mending one thing that writers expect."""

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext as _
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

ID_PREFIX = "s-"  # no heading may take an id of the page, such as "discussion"

# Written without spaces between words: ideographs, kana, their punctuation and full-width forms.
HAN = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
# Punctuation that Chinese shares with Latin text: a break beside it joins only if the other side is Chinese.
SHARED = "\u2014\u2018\u2019\u201c\u201d\u2026"
SOFT_BREAK = re.compile(
    rf"(?<=[{HAN}])[ \t]*\n[ \t]*(?=[{HAN}{SHARED}])|(?<=[{SHARED}])[ \t]*\n[ \t]*(?=[{HAN}])"
)

Size = tuple[int, int]


class ListAfterParagraph(BlockProcessor):
    """Begins a list on the line after a paragraph's, as every other Markdown does. Numbered lists must begin with 1: a year is no list."""

    ITEM = re.compile(r"(?:[*+-]|1\.)[ ]+(?![*+ -]*$)\S")

    def _first_item(self, block: str) -> int:
        lines = block.split("\n")
        return next((number for number, line in enumerate(lines) if number and self.ITEM.match(line)), 0)

    def test(self, parent: Element, block: str) -> bool:
        return not block.startswith((" ", "[^", ">")) and self._first_item(block) > 0

    def run(self, parent: Element, blocks: list[str]) -> None:
        lines = blocks.pop(0).split("\n")
        first = self._first_item("\n".join(lines))
        blocks[0:0] = ["\n".join(lines[:first]), "\n".join(lines[first:])]


class JoinChineseLines(Treeprocessor):
    """Drops the line breaks inside a Chinese paragraph: browsers would show each as a space."""

    def run(self, root: Element) -> None:
        places = [place for place in _texts(root) if place[2]]
        for number, (element, kind, text) in enumerate(places):
            if "\n" in text:
                before = places[number - 1][2][-1] if number else ""
                after = places[number + 1][2][0] if number + 1 < len(places) else ""
                joined = SOFT_BREAK.sub("", before + text + after)
                setattr(element, kind, type(text)(joined[len(before) : len(joined) - len(after)]))


def _texts(element: Element) -> Iterator[tuple[Element, str, str]]:
    """Every piece of running text below `element` in reading order; what is code stays as typed."""
    if element.tag in ("pre", "code"):
        return
    yield element, "text", element.text or ""
    for child in element:
        yield from _texts(child)
        yield child, "tail", child.tail or ""


class DemoteTitles(Treeprocessor):
    """The page's one h1 is the article's title."""

    def run(self, root: Element) -> None:
        for heading in root.iter("h1"):
            heading.tag = "h2"


class Pictures(Treeprocessor):
    """Pictures keep their place while they load, and a picture alone in its paragraph is a figure with its title as the caption."""

    def __init__(self, md: Markdown, size_of: Callable[[str], Size | None]) -> None:
        super().__init__(md)
        self.size_of = size_of

    def run(self, root: Element) -> None:
        for picture in root.iter("img"):
            self._keep_place(picture)
        for parent in list(root.iter()):
            for position, child in enumerate(list(parent)):
                if child.tag == "p" and _only_pictures(child):
                    self._make_figures(parent, child, position)

    def _keep_place(self, picture: Element) -> None:
        size = self.size_of(picture.get("src", ""))
        if size is not None:
            picture.set("width", str(size[0]))
            picture.set("height", str(size[1]))
        picture.set("loading", "lazy")

    def _make_figures(self, parent: Element, paragraph: Element, position: int) -> None:
        pictures = list(paragraph)
        paragraph.tag, paragraph.text = ("figure", None) if len(pictures) == 1 else ("div", None)
        for picture in pictures:
            figure = paragraph
            if len(pictures) > 1:
                paragraph.remove(picture)
                figure = SubElement(paragraph, "figure")
                figure.append(picture)
            picture.tail = None
            caption = (picture if picture.tag == "img" else picture[0]).attrib.pop("title", "")
            if caption:
                SubElement(figure, "figcaption").text = caption


def _only_pictures(paragraph: Element) -> bool:
    alone = len(paragraph) > 0 and not (paragraph.text or "").strip()
    return alone and all(_is_picture(child) and not (child.tail or "").strip() for child in paragraph)


def _is_picture(element: Element) -> bool:
    """A picture, or a link around one."""
    linked = (
        element.tag == "a"
        and len(element) == 1
        and element[0].tag == "img"
        and not (element.text or element[0].tail)
    )
    return element.tag == "img" or bool(linked)


class ScrollingTables(Treeprocessor):
    """A table wider than the page scrolls in a box of its own, which the keyboard can reach and a screen reader can name."""

    def run(self, root: Element) -> None:
        number = 0
        for parent in list(root.iter()):
            for position, table in enumerate(list(parent)):
                if table.tag == "table":
                    number += 1
                    parent[position] = self._box(table, number)

    def _box(self, table: Element, number: int) -> Element:
        label = _("Table %(number)s") % {"number": number}
        box = Element("div", {"class": "table", "role": "region", "tabindex": "0", "aria-label": label})
        box.tail, table.tail = table.tail, None
        box.append(table)
        for cell in table.iter("th"):
            if not len(cell) and not (cell.text or "").strip():
                cell.tag = "td"  # an empty corner is the head of nothing
        return box


class OutsideLinks(Treeprocessor):
    """Links that leave the site give the other page no handle on ours."""

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            if link.get("href", "").startswith(("http://", "https://", "//")):
                link.set("rel", "noopener")


class PrefixedIds(Treeprocessor):
    """Footnotes get the prefix that headings have from their slugs, and so do the links to them."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            name = element.get("id", "")
            if name and not name.startswith(ID_PREFIX):
                element.set("id", ID_PREFIX + name)
            if element.get("class") in ("footnote-ref", "footnote-backref"):
                element.set("href", "#" + ID_PREFIX + element.get("href", "").removeprefix("#"))


class IctigerExtension(Extension):
    """All of the above in one extension. `size_of(src)` tells a picture's width and height in pixels where they are known."""

    def __init__(self, size_of: Callable[[str], Size | None]) -> None:
        super().__init__()
        self.size_of = size_of

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        md.parser.blockprocessors.register(
            ListAfterParagraph(md.parser), "list-after-paragraph", 25
        )  # after lists, before quotes
        # Between the inline patterns (20) and the indentation of the output (10), the table of contents (5) last.
        md.treeprocessors.register(JoinChineseLines(md), "join-chinese-lines", 14)
        md.treeprocessors.register(DemoteTitles(md), "demote-titles", 13)
        md.treeprocessors.register(Pictures(md, self.size_of), "pictures", 12)
        md.treeprocessors.register(ScrollingTables(md), "scrolling-tables", 11)
        md.treeprocessors.register(OutsideLinks(md), "outside-links", 11)
        md.treeprocessors.register(PrefixedIds(md), "prefixed-ids", 1)

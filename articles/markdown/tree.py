"""What is done to the finished tree: Chinese lines joined, figures made of pictures, tables put in boxes,
headings demoted."""

import html
import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext as _
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from .chinese import HAN_RANGES, SHARED
from .writer import TIGHT

SOFT_BREAK = re.compile(
    rf"(?<=[{HAN_RANGES}])[ \t]*\n[ \t]*(?=[{HAN_RANGES}{SHARED}])"
    rf"|(?<=[{SHARED}])[ \t]*\n[ \t]*(?=[{HAN_RANGES}])"
)

Size = tuple[int, int]


class TightItems(Treeprocessor):
    """The items of a tight list hold their text without a paragraph around it."""

    def run(self, root: Element) -> None:
        for item in root.iter("li"):
            if any(child.tag == "p" and child.get(TIGHT) is not None for child in item):
                self._unwrap(item)

    def _unwrap(self, item: Element) -> None:
        children, last = list(item), None
        for child in children:
            item.remove(child)
        for child in children:
            if child.tag != "p" or child.attrib.pop(TIGHT, None) is None:
                item.append(child)
                last = child
                continue
            _append_text(item, last, child.text)
            for inner in list(child):
                item.append(inner)
                last = inner
            _append_text(item, last, child.tail)


def _append_text(parent: Element, last: Element | None, text: str | None) -> None:
    if not text:
        return
    if last is None:
        parent.text = (parent.text or "") + text
    else:
        last.tail = (last.tail or "") + text


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
    """Pictures keep their place while they load, and a picture alone in its paragraph is a figure with its
    title as the caption."""

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
        size = self.size_of(html.unescape(picture.get("src", "")))
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
    """A table wider than the page scrolls in a box of its own, which the keyboard can reach and a screen
    reader can name."""

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

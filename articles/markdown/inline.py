"""Text with inline marks into elements: one walk over the text, left to right (CommonMark 0.31, 6 and its
appendix).

Python-Markdown applies one pattern after another to the whole text, which cannot give code, tags and
addresses the same precedence. `InlineReader` stands in the place of its tree processor "inline". What a sign
means is looked up in `md.signs`, so that extensions add signs of their own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

from .delimiters import Run, Runs
from .writer import InlineText


@dataclass(slots=True, eq=False)
class Mark:
    """A bracket: text, until `element` says that a link begins here; `closes` if one ends here."""

    text: str
    closes: bool = False
    element: Element | None = None


@dataclass(slots=True, eq=False)
class BareLink:
    """An address that was found in running text: a link, unless a link of the author's is around it."""

    text: str
    address: str


# A handler looks at the sign at `state.position`. It adds pieces, moves the position on and returns True, or
# leaves the sign as text.
Handler = Callable[["Inline"], bool]
Piece = str | Element | Mark | BareLink | Run


class Inline:
    """One text while it is read."""

    def __init__(self, md: Markdown, text: str, line: int) -> None:
        self.md, self.text, self.first_line = md, text, line
        self.position = 0
        self.pieces: list[Piece] = []
        self.runs = Runs()
        self.brackets: list = []
        self.in_link = 0  # tags <a> of the author's that are open
        self.memory: dict[str, object] = {}  # what handlers have found out about this text

    def line_at(self, position: int) -> int:
        return self.first_line + self.text.count("\n", 0, position)

    def add_text(self, text: str) -> None:
        self.pieces.append(text.replace("&", "&amp;") if "&" in text else text)

    def add_html(self, html: str) -> None:
        """Add HTML that the serializer leaves as it is."""
        self.pieces.append(self.md.htmlStash.store(html))

    def read(self) -> None:
        text, signs = self.text, self.md.signs
        special = (
            self.md.special_or_address if any(hint in text for hint in ADDRESS_HINTS) else self.md.special
        )
        while self.position < len(text):
            found = special.search(text, self.position)
            if found is None:
                self.add_text(text[self.position :])
                break
            if found.start() > self.position:
                self.add_text(text[self.position : found.start()])
                self.position = found.start()
            if not any(handler(self) for handler in signs[found.lastgroup or found[0]]):
                self.add_text(text[self.position])
                self.position += 1
        self.runs.pair(None)

    def words_of(self, piece: Piece) -> str:
        """What a piece says as plain text, for the description of a picture."""
        if isinstance(piece, str):
            return HTML_PLACEHOLDER_RE.sub("", piece)
        if isinstance(piece, Run):
            return piece.sign * piece.left
        if isinstance(piece, Element):
            return piece.get("alt") or "".join(piece.itertext()) or ("\n" if piece.tag == "br" else "")
        if isinstance(piece, BareLink):
            return piece.text.replace("&", "&amp;")
        return "" if piece.element is not None or piece.closes else piece.text


class Builder:
    """Puts pieces into an element."""

    def __init__(self, element: Element) -> None:
        self.stack = [element]
        element.text = ""

    def add_text(self, text: str) -> None:
        top = self.stack[-1]
        if len(top):
            top[-1].tail = (top[-1].tail or "") + text
        else:
            top.text = (top.text or "") + text

    def add(self, piece: Piece) -> None:
        if isinstance(piece, str):
            self.add_text(piece)
        elif isinstance(piece, Run):
            self._add_run(piece)
        elif isinstance(piece, BareLink):
            SubElement(
                self.stack[-1], "a", {"href": piece.address.replace("&", "&amp;")}
            ).text = piece.text.replace("&", "&amp;")
        elif isinstance(piece, Mark):
            self._add_mark(piece)
        else:
            self.stack[-1].append(piece)

    def _add_run(self, run: Run) -> None:
        for _tag in run.closes:
            self.stack.pop()
        if run.left:
            self.add_text(run.sign * run.left)
        for tag in reversed(run.opens):
            self.stack.append(SubElement(self.stack[-1], tag))

    def _add_mark(self, mark: Mark) -> None:
        if mark.closes:
            self.stack.pop()
        elif mark.element is not None:
            self.stack[-1].append(mark.element)
            self.stack.append(mark.element)
        else:
            self.add_text(mark.text)


class InlineReader(Treeprocessor):
    """Reads every text that the blocks have left."""

    def run(self, root: Element) -> None:
        for element in list(root.iter()):
            if isinstance(element.text, InlineText):
                self._read(element, element.text)

    def _read(self, element: Element, text: InlineText) -> None:
        if not self.md.special.search(text) and not any(hint in text for hint in ADDRESS_HINTS):
            element.text = str(text)
            return
        state = Inline(self.md, str(text), text.line)
        state.read()
        builder = Builder(element)
        for piece in state.pieces:
            builder.add(piece)


ADDRESS = "address"  # the key of handlers for what looks like an address in running text
ADDRESS_HINTS = ("://", "@", "www.", "WWW.")


def add_signs(md: Markdown, signs: str, *handlers: Handler) -> None:
    """Have the handlers look at each of these characters, one after another until one of them takes it."""
    for sign in signs:
        md.signs.setdefault(sign, []).extend(handlers)
    md.special = re.compile(f"[{re.escape(''.join(sign for sign in md.signs if len(sign) == 1))}]")
    md.special_or_address = re.compile(f"(?P<address>{md.address_start})|{md.special.pattern}")

"""Lines into a tree of blocks, as CommonMark 0.31 reads them (chapters 4 and 5, and the appendix on parsing
strategy).

Python-Markdown takes a text apart at its empty lines. That cannot tell where a list's content, a fence or an
HTML block ends, so `BlockReader` stands in its place; the tree goes on through Python-Markdown's other
stages.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .lines import Line
from .notices import Notice
from .references import take_definition

MAX_DEPTH = 60  # quotes, lists and notes within one another
MAX_BLOCKS = 10_000  # paragraphs, headings, items, rows of tables


@dataclass(slots=True, eq=False)
class Block:
    """A block of the source. `end` is the last line that says anything; `lines` is what a leaf holds; `data`
    belongs to its kind."""

    kind: str
    line: int
    end: int = 0
    children: list["Block"] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    data: dict = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


# A start looks at a line and begins a block there, or does not: None, "container" or "leaf". `paragraph` is
# the paragraph that the line would otherwise go on with.
Start = Callable[["BlockReader", Line, Block | None], str | None]


class BlockReader:
    """Reads a text once, from its first line to its last. `references` and `notices` are filled on the
    way."""

    def __init__(
        self, starts: list[Start], references: dict[str, tuple[str, str]], notices: list[Notice]
    ) -> None:
        self.starts = starts
        self.signs = frozenset("`~#<>=*+-_|:$[0123456789")  # what a line begins with that can start a block
        self.references = references
        self.definitions: dict[
            str, tuple[int, str]
        ] = {}  # label: line and address, to tell of those that nothing uses
        self.notices = notices
        self.open = [Block("document", 1)]
        self.leaf: Block | None = None
        self.depth = 1  # how many of the open containers the line at hand goes on with
        self.blocks = 0
        self.source: list[str] = []
        self.ends: dict[str, int] = {}  # the last line in which an end of this kind stands

    def read(self, lines: list[str]) -> Block:
        self.source = lines
        for number, text in enumerate(lines, 1):
            if text or self.leaf is not None or len(self.open) > 1:
                self._read_line(Line(text, number))
        self.close_to(1)
        self._tell_of_open_fence()
        return self.open[0]

    def _read_line(self, line: Line) -> None:
        self.depth = self._continued(line)
        if self._goes_on_verbatim(line):
            return
        while self._first_sign_may_start(line):
            started = self._start(line)
            if started == "leaf":
                return
            if started is None:
                break
        self._take_text(line)

    def _first_sign_may_start(self, line: Line) -> bool:
        return not line.blank and (line.indent >= 4 or line.text[line.first] in self.signs)

    def _start(self, line: Line) -> str | None:
        whole = self.depth == len(self.open)
        paragraph = self.leaf if whole and self.leaf is not None and self.leaf.kind == "paragraph" else None
        if line.indent >= 4:
            return self._start_indented_code(line)
        for start in self.starts:
            started = start(self, line, paragraph)
            if started is not None:
                return started
        return None

    def _start_indented_code(self, line: Line) -> str | None:
        if self.leaf is not None and self.leaf.kind in ("paragraph", "table"):
            return None
        line.take_columns(4)
        self.add_leaf("code", line).lines.append(line.text)
        return "leaf"

    # --- containers

    def _continued(self, line: Line) -> int:
        """Take off the marks of the open containers that the line goes on with; how many those are."""
        for depth, container in enumerate(self.open):
            if not self._goes_on(container, line):
                return depth
            if container.kind == "quote":
                for outer in self.open[: depth + 1]:
                    outer.end = line.number
        return len(self.open)

    def _goes_on(self, container: Block, line: Line) -> bool:
        if container.kind == "quote":
            if line.indent > 3 or not line.rest.startswith(">"):
                return False
            line.take_mark(1)
            line.take_columns(1)
        elif container.kind in ("item", "note"):
            return self._item_goes_on(container, line)
        return True

    def _item_goes_on(self, item: Block, line: Line) -> bool:
        if line.blank:
            return bool(item.children) or item.kind == "note"
        if line.indent < item.data["margin"]:
            return False
        line.take_columns(item.data["margin"])
        return True

    def add_container(self, kind: str, line: Line, **data: object) -> Block:
        """Begin a container within those that the line goes on with."""
        self.close_to(self.depth)
        while self.open[-1].kind == "list" and kind != "item":
            self._close_container()
        self._count()
        block = Block(kind, line.number, line.number, data=data)
        self.open[-1].children.append(block)
        self.open.append(block)
        self.depth = len(self.open)
        if self.depth > MAX_DEPTH:
            raise ValidationError(
                _("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting"
            )
        return block

    def add_leaf(self, kind: str, line: Line, **data: object) -> Block:
        """Begin a block that holds lines."""
        self.close_to(self.depth)
        while self.open[-1].kind == "list":
            self._close_container()
        self._count()
        self.depth = len(self.open)
        self.leaf = Block(kind, line.number, line.number, data=data)
        self.open[-1].children.append(self.leaf)
        self.touch(line)
        return self.leaf

    def _count(self) -> None:
        self.blocks += 1
        if self.blocks > MAX_BLOCKS:
            raise ValidationError(
                _("An article may have at most %(limit)s paragraphs, headings, list items and table rows."),
                code="blocks",
                params={"limit": MAX_BLOCKS},
            )

    def touch(self, line: Line) -> None:
        """All that is open reaches to this line."""
        for container in self.open:
            container.end = line.number
        if self.leaf is not None:
            self.leaf.end = line.number

    def close_to(self, depth: int) -> None:
        """Close the leaf, and the containers beyond the first `depth`."""
        self.close_leaf()
        while len(self.open) > depth:
            self._close_container()

    def _close_container(self) -> None:
        self.open.pop()

    def close_leaf(self) -> None:
        leaf, self.leaf = self.leaf, None
        if leaf is None:
            return
        if leaf.kind == "paragraph":
            self.take_definitions(leaf)
        elif leaf.kind == "code":
            while leaf.lines and not leaf.lines[-1].strip():
                leaf.lines.pop()

    # --- leaves

    def _goes_on_verbatim(self, line: Line) -> bool:
        """Whether the line belongs to an open block of code, HTML or mathematics, or ends it."""
        leaf = self.leaf
        if leaf is None or leaf.kind not in ("fence", "code", "html", "math") or self.depth < len(self.open):
            return False
        if leaf.kind == "code":
            return self._goes_on_as_code(leaf, line)
        if leaf.kind == "html" and line.blank and not leaf.data["end"]:
            self.close_leaf()
            return True
        self.touch(line)
        if leaf.kind == "fence":
            self._add_fenced(leaf, line)
        else:
            leaf.lines.append(line.text)
            if leaf.data["end"] and leaf.data["end"].search(line.text):
                self.close_leaf()
        return True

    def _goes_on_as_code(self, leaf: Block, line: Line) -> bool:
        if line.indent < 4 and not line.blank:
            return False
        if not line.blank:
            self.touch(line)
        line.take_columns(4)
        leaf.lines.append(line.text)
        return True

    def _add_fenced(self, leaf: Block, line: Line) -> None:
        sign, length = leaf.data["mark"][0], len(leaf.data["mark"])
        rest = line.rest.rstrip()
        if line.indent <= 3 and len(rest) >= length and rest == sign * len(rest):
            leaf.data["closed"] = True
            self.close_leaf()
        else:
            line.take_columns(leaf.data["indent"])
            leaf.lines.append(line.text)

    def _take_text(self, line: Line) -> None:
        """A line that starts nothing: it ends what is open, goes on with a paragraph or a table, or begins a
        paragraph."""
        if line.blank:
            self.close_to(self.depth)
            return
        whole, kind = self.depth == len(self.open), self.leaf.kind if self.leaf is not None else ""
        if kind == "paragraph" or (kind == "table" and whole):
            self.touch(line)
            if kind == "table":
                self._count()
            self.leaf.lines.append(line.rest if kind == "paragraph" else line.text)
        else:
            self.add_leaf("paragraph", line).lines.append(line.rest.lstrip())

    def take_definitions(self, paragraph: Block) -> None:
        """Take definitions of references off a paragraph's beginning."""
        text, line = paragraph.text, paragraph.line
        while text.startswith("[") and (found := take_definition(text)) is not None:
            label, address, title, length = found
            if label not in self.references:
                self.references[label] = address, title
                self.definitions[label] = line, label
            line += text.count("\n", 0, length)
            text = text[length:]
        if line != paragraph.line or text != paragraph.text:
            paragraph.lines = text.split("\n") if text.strip() else []
            paragraph.data["line"] = line

    def _tell_of_open_fence(self) -> None:
        blocks = [self.open[0]]
        while blocks:
            block = blocks.pop()
            blocks.extend(block.children)
            if block.kind == "fence" and not block.data.get("closed"):
                self.notices.append(Notice("fence", block.line))

"""One line of the source while the marks of quotes and lists are taken off its front."""

from dataclasses import dataclass

TAB = 4  # columns (CommonMark 0.31, 2.2)


@dataclass(slots=True)
class Line:
    """`text` is what is left of the line; `column` is where that begins in the line as typed."""

    text: str
    number: int
    column: int = 0
    first: int = 0  # index of the first character that is not a blank or a tab
    indent: int = 0  # columns before it
    blank: bool = False

    def __post_init__(self) -> None:
        self._measure()

    def _measure(self) -> None:
        text, column, index = self.text, self.column, 0
        for index, sign in enumerate(text):  # noqa: B007
            if sign == " ":
                column += 1
            elif sign == "\t":
                column += TAB - column % TAB
            else:
                break
        else:
            index = len(text)
        self.first, self.indent = index, column - self.column
        self.blank = not text[index:].strip()

    @property
    def rest(self) -> str:
        """The line without its indentation."""
        return self.text[self.first :]

    def take_mark(self, length: int) -> None:
        """Take off the indentation and a mark of `length` characters after it."""
        self.text, self.column = self.text[self.first + length :], self.column + self.indent + length
        self._measure()

    def take_columns(self, columns: int) -> None:
        """Take off at most `columns` columns of indentation. A tab that reaches further leaves the rest of it
        as blanks."""
        taken = index = 0
        while taken < columns and index < self.first:
            taken += TAB - (self.column + taken) % TAB if self.text[index] == "\t" else 1
            index += 1
        self.text = " " * (taken - columns) + self.text[index:]
        self.column += min(taken, columns)
        self._measure()

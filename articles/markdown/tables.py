"""Tables as GFM has them (GitHub Flavored Markdown 0.29, 4.10), but no cell is dropped and code may hold a
bar."""

import re

DELIMITER_ROW = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
# A bar that an even number of backslashes precede parts cells, unless it stands in code.
PIECE = re.compile(r"\\.|(`+)|\||[^\\`|]+|\\", re.DOTALL)
MAX_PADDED = 20_000  # cells of one table that may be empty because their row is short


def cells_of(row: str) -> list[str]:
    """The cells of a row, trimmed, `\\|` as a bar."""
    row = row.strip()
    row = row[1:] if row.startswith("|") else row
    cells, ended = _split(row)
    if ended and len(cells) > 1:
        cells.pop()
    return [cell.strip() for cell in cells]


def _split(row: str) -> tuple[list[str], bool]:
    cells, now, position, last_is_bar = [], [], 0, False
    runs = [(found.start(), len(found[0])) for found in re.finditer("`+", row)] if "`" in row else []
    while position < len(row):
        found = PIECE.match(row, position)
        piece, position = found[0], found.end()
        last_is_bar = piece == "|"
        if last_is_bar:
            cells.append("".join(now))
            now = []
            continue
        if found[1]:
            end = next(
                (start + length for start, length in runs if start >= position and length == len(piece)), 0
            )
            piece, position = (piece + row[position:end], end) if end else (piece, position)
        now.append(piece.replace("\\|", "|"))
    cells.append("".join(now))
    return cells, last_is_bar


def alignments_of(line: str, header: str) -> list[str] | None:
    """What the delimiter row says of each column; None if the two lines are no beginning of a table."""
    if ("|" not in line and "|" not in header) or not DELIMITER_ROW.match(line.strip()):
        return None
    marks = cells_of(line)
    if len(marks) != len(cells_of(header)):
        return None
    sides = {(True, True): "center", (True, False): "left", (False, True): "right"}
    return [sides.get((mark.startswith(":"), mark.endswith(":")), "") for mark in marks]

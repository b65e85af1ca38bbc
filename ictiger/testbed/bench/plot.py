"""A bar chart as SVG, drawn without a library."""

from html import escape
from pathlib import Path

ROW, LEFT, WIDTH, RIGHT = 30, 300, 520, 130  # in units of the drawing
INK, MUTED, PAPER, ACCENT = "#1d1a16", "#6b6459", "#fbf8f2", "#c8642b"


def draw_bars(figures: dict[str, float], title: str, file: Path) -> None:
    """Draw a bar for each figure, in requests a second. The highest has the full width."""
    highest, height = max(figures.values()), ROW * (len(figures) + 2)
    rows = [_row(n, name, figure, highest) for n, (name, figure) in enumerate(figures.items(), start=1)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}"'
        f' font-family="system-ui, sans-serif"'
        f' font-size="14"><rect width="100%" height="100%" fill="{PAPER}"/>'
        f'<text x="16" y="26" font-size="17" fill="{INK}">{escape(title)}</text>{"".join(rows)}</svg>\n',
        encoding="utf-8",
    )


def _row(number: int, name: str, figure: float, highest: float) -> str:
    y, length = ROW * number + 14, max(1.0, WIDTH * figure / highest)
    return (
        f'<text x="{LEFT - 12}" y="{y + 15}" text-anchor="end" fill="{INK}">{escape(name)}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{ROW - 10}" fill="{ACCENT}"/>'
        f'<text x="{LEFT + length + 8:.1f}" y="{y + 15}" fill="{MUTED}">{figure:,.0f} a second</text>'
    )

"""Covers drawn for articles without a picture, in the publication's paper, ink and one colour.

Pure: a motif and a seed always make the same picture. Sizes are in pixels.
"""

import math
import random
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1280, 720
_SCALE = 2  # drawn larger, then reduced, since Pillow draws without antialiasing

PAPER, SAND, CLAY, INK, TIGER, EMBER = "#fbf8f2", "#e8dcc6", "#c9b596", "#1d1a16", "#c8642b", "#8f3f16"

# (background, first, second, accent)
_PALETTES = [
    (PAPER, INK, CLAY, TIGER),
    (SAND, INK, PAPER, TIGER),
    (INK, SAND, CLAY, TIGER),
    (TIGER, INK, SAND, PAPER),
    (SAND, EMBER, PAPER, INK),
    (INK, TIGER, EMBER, SAND),
]

Palette = tuple[str, str, str, str]


def _wave(rng: random.Random, amplitude: float) -> Callable[[float], float]:
    """A smooth curve over [0, 1]: three sines with random phases, within ±amplitude."""
    parts = [
        (rng.uniform(0.5, 1.0) / n, n * rng.uniform(0.7, 1.3), rng.uniform(0, math.tau)) for n in (1, 2, 3)
    ]
    total = sum(weight for weight, _, _ in parts)
    return lambda t: amplitude * sum(w * math.sin(math.tau * f * t + p) for w, f, p in parts) / total


def _stripes(
    draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette
) -> None:
    """Tapering stripes that enter from both sides."""
    count = 9
    bend = _wave(rng, height * 0.06)
    accent_at = rng.randrange(2, count - 2)
    for i in range(count):
        from_left = i % 2 == 0
        reach = rng.uniform(0.55, 0.95) * width
        middle = height * (i + 0.5) / count
        thickness = height / count * rng.uniform(0.5, 0.8)
        upper, lower = [], []
        for step in range(61):
            t = step / 60
            x = t * reach if from_left else width - t * reach
            half = thickness / 2 * math.sqrt(1 - t) * (1 + 0.25 * math.sin(5 * t + i))
            y = middle + bend(x / width) + t * height * 0.05 * (1 if from_left else -1)
            upper.append((x, y - half))
            lower.append((x, y + half))
        draw.polygon(upper + lower[::-1], fill=palette[3] if i == accent_at else palette[1])


def _strata(draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette) -> None:
    """Layers on top of each other, one of them in the accent colour."""
    count = 8
    accent_at = rng.randrange(3, count - 1)
    for i in range(count):
        wave = _wave(rng, height * 0.05)
        top = height * (0.16 + 0.84 * i / count)
        edge = [(width * s / 80, top + wave(s / 80)) for s in range(81)]
        colour = palette[3] if i == accent_at else (palette[1] if i % 2 else palette[2])
        draw.polygon([*edge, (width, height), (0, height)], fill=colour)
        if i != accent_at:
            inset = [(x, y + height * 0.018) for x, y in edge]
            draw.line(inset, fill=palette[0], width=height // 240)


def _lattice(
    draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette
) -> None:
    """A window lattice: squares within squares, joined by bars, some in the accent colour."""
    columns, rows = 8, 5
    cell_w, cell_h = width / columns, height / rows
    line = height // 90
    lit = {(rng.randrange(columns), rng.randrange(rows)) for _ in range(5)}
    for column in range(columns):
        for row in range(rows):
            x, y = column * cell_w, row * cell_h
            pad = rng.choice((0.22, 0.22, 0.3))
            pane = (x + cell_w * pad, y + cell_h * pad, x + cell_w * (1 - pad), y + cell_h * (1 - pad))
            draw.rectangle(
                pane, outline=palette[1], width=line, fill=palette[3] if (column, row) in lit else None
            )
            middle_x, middle_y = x + cell_w / 2, y + cell_h / 2
            draw.line((middle_x, y, middle_x, pane[1]), fill=palette[1], width=line)
            draw.line((middle_x, pane[3], middle_x, y + cell_h), fill=palette[1], width=line)
            draw.line((x, middle_y, pane[0], middle_y), fill=palette[1], width=line)
            draw.line((pane[2], middle_y, x + cell_w, middle_y), fill=palette[1], width=line)


def _ripple(draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette) -> None:
    """Rings that spread from two sources and cross."""
    ring = height / 17
    sources = [
        (rng.uniform(0.1, 0.35), rng.uniform(0.55, 0.95)),
        (rng.uniform(0.68, 0.95), rng.uniform(0.1, 0.45)),
    ]
    for (sx, sy), colour, rings in zip(sources, (palette[1], palette[2]), (22, 13), strict=True):
        x, y = sx * width, sy * height
        accent_at = rng.randrange(3, 8)
        for i in range(rings, 0, -1):
            r = ring * i
            stroke = int(ring * (0.52 - 0.35 * i / rings))
            draw.ellipse(
                (x - r, y - r, x + r, y + r),
                outline=palette[3] if i == accent_at else colour,
                width=max(stroke, 3),
            )


def _stack(draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette) -> None:
    """Sheets laid on each other, each with its lines; one is marked."""
    count = 7
    marked = rng.randrange(2, count - 1)
    for i in range(count):
        sheet_w, sheet_h = width * 0.3, height * 0.62
        x = width * (0.06 + 0.585 * i / (count - 1)) + rng.uniform(-0.01, 0.01) * width
        y = height * (0.28 - 0.16 * math.sin(math.pi * i / (count - 1))) + rng.uniform(-0.02, 0.02) * height
        fill = palette[3] if i == marked else (palette[2] if i % 2 else palette[0])
        draw.rectangle((x, y, x + sheet_w, y + sheet_h), fill=fill, outline=palette[1], width=height // 200)
        for n in range(9):
            end = x + sheet_w * (rng.uniform(0.55, 0.88) if n % 3 == 2 else 0.88)
            line_y = y + sheet_h * (0.14 + 0.085 * n)
            draw.line((x + sheet_w * 0.12, line_y, end, line_y), fill=palette[1], width=height // 260)


def _compass(
    draw: ImageDraw.ImageDraw, rng: random.Random, width: int, height: int, palette: Palette
) -> None:
    """Sectors drawn from one point, one of them in the accent colour."""
    x, y = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.85, 1.05)
    reach = math.hypot(width, height)
    accent_at = rng.randrange(8, 17)
    for i in range(24):
        start = 180 + i * 7.5
        if i == accent_at:
            draw.pieslice((x - reach, y - reach, x + reach, y + reach), start, start + 7.5, fill=palette[3])
        elif i % 2:
            draw.pieslice(
                (x - reach, y - reach, x + reach, y + reach),
                start,
                start + rng.uniform(2, 5),
                fill=palette[1],
            )
    for i in (3, 2, 1):
        r = height * 0.17 * i
        draw.ellipse(
            (x - r, y - r, x + r, y + r),
            fill=palette[0] if i % 2 else palette[2],
            outline=palette[1],
            width=height // 240,
        )


MOTIFS = {
    "stripes": _stripes,
    "strata": _strata,
    "lattice": _lattice,
    "ripple": _ripple,
    "stack": _stack,
    "compass": _compass,
}


def draw_cover(seed: str, motif: str = "stripes") -> Image.Image:
    """An RGB picture of WIDTH × HEIGHT. Raises KeyError for a motif that is not one of MOTIFS."""
    rng = random.Random(f"{motif}:{seed}")  # noqa: S311  (a drawing, not a secret)
    palette = rng.choice(_PALETTES)
    canvas = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), palette[0])
    MOTIFS[motif](ImageDraw.Draw(canvas), rng, canvas.width, canvas.height, palette)
    return canvas.reduce(_SCALE)


def generated_cover_file(seed: str, motif: str = "stripes") -> bytes:
    """The picture of `draw_cover` as the bytes of a WebP file."""
    out = BytesIO()
    draw_cover(seed, motif).save(out, "WEBP", quality=82, method=2)
    return out.getvalue()

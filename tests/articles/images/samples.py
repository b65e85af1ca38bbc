"""Pictures for tests, as bytes of files."""

import struct
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture
from PIL import ImageCms

# A profile for pixels of another kind.
LAB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
COLOURS = ((255, 0, 0), (0, 160, 80), (20, 40, 200), (250, 220, 30), (128, 128, 128), (255, 255, 255))


def upload(content: bytes, name: str = "x.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def encoded(picture: Picture.Image, kind: str, **options) -> bytes:
    content = BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def patches(size: tuple[int, int] = (600, 200)) -> Picture.Image:
    """A row of even patches in COLOURS."""
    picture = Picture.new("RGB", size)
    width = size[0] // len(COLOURS)
    for number, colour in enumerate(COLOURS):
        picture.paste(colour, (number * width, 0, (number + 1) * width, size[1]))
    return picture


PRESS_PATCHES = {  # CMYK in percent, and what a common press makes of it, as an editor of pictures shows it
    (100, 0, 0, 0): (0, 174, 239),
    (0, 100, 0, 0): (236, 0, 140),
    (0, 0, 100, 0): (255, 242, 0),
    (0, 0, 0, 100): (35, 31, 32),
    (0, 0, 0, 0): (255, 255, 255),
    (0, 100, 100, 0): (236, 0, 0),  # 237, 28, 36 on paper
}


def for_print(size: tuple[int, int]) -> Picture.Image:
    """A row of even patches in the inks of PRESS_PATCHES."""
    picture, width = Picture.new("CMYK", size), size[0] // len(PRESS_PATCHES)
    for number, inks in enumerate(PRESS_PATCHES):
        area = (number * width, 0, (number + 1) * width, size[1])
        picture.paste(tuple(round(ink * 2.55) for ink in inks), area)
    return picture


def patch_colours(picture: Picture.Image) -> list[tuple[int, int, int]]:
    """The colours in the middle of each patch of a picture made by `patches`."""
    pixels, width = picture.convert("RGB"), picture.width / len(COLOURS)
    return [
        pixels.getpixel((int((number + 0.5) * width), picture.height // 2)) for number in range(len(COLOURS))
    ]


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The greatest difference in any channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def in_space(picture: Picture.Image, profile: bytes) -> Picture.Image:
    """The picture, which is in sRGB, with the numbers that it has in the profile's space."""
    target = ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), target, outputMode="RGB")


def rgb_profile(primaries: tuple[tuple[float, float], ...], gamma: float = 2.2) -> bytes:
    """A matrix profile for RGB (ICC.1:2010, 8.3.3) with these primaries (x, y) and a white point of D50."""
    white = (0.9642, 1.0, 0.8249)
    columns = _scaled(primaries, white)

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {
        b"wtpt": xyz(white),
        **{name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value
    header = struct.pack(
        ">I4sI4s4s4s12x4s", start + len(data), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    white_point = struct.pack(">3i", *(round(value * 65536) for value in white))
    return header + bytes(28) + white_point + bytes(128 - len(header) - 40) + table + data


def _scaled(primaries, white) -> list[tuple[float, ...]]:
    """The columns of the matrix from RGB to XYZ: each primary scaled so that together they make the white."""
    columns = [(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]
    (a, b, c), (d, e, f), (g, h, i) = zip(*columns, strict=True)
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    x, y, z = white
    weights = (
        (x * (e * i - f * h) - b * (y * i - f * z) + c * (y * h - e * z)) / determinant,
        (a * (y * i - f * z) - x * (d * i - f * g) + c * (d * z - y * g)) / determinant,
        (a * (e * z - y * h) - b * (d * z - y * g) + x * (d * h - e * g)) / determinant,
    )
    return [
        tuple(value * weight for value in column) for column, weight in zip(columns, weights, strict=True)
    ]


# Adobe RGB (1998) adapted to D50, as its own profile has it.
WIDE_GAMUT = rgb_profile(((0.6484, 0.3309), (0.2302, 0.7016), (0.1559, 0.0660)))


def grey_profile() -> bytes:
    """A minimal grey profile with a gamma of 1.8: header, white point, curve (ICC.1:2010, 7 and 8.3)."""
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 461) + b"\0\0",
    }
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value
    header = struct.pack(
        ">I4sI4s4s4s12x4s", start + len(data), b"\0\0\0\0", 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp"
    )
    return (
        header
        + bytes(28)
        + struct.pack(">3i", 63190, 65536, 54061)
        + bytes(128 - len(header) - 40)
        + table
        + data
    )

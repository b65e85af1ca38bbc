"""The one colour path: whatever comes is stored, and shown in every rendition, with the colours it was meant
to have."""

import struct
import zlib

import pytest
from PIL import Image as Picture

from articles.images import add_image, make_renditions

from .samples import (
    COLOURS,
    LAB_PROFILE,
    PRESS_PATCHES,
    WIDE_GAMUT,
    distance,
    encoded,
    for_print,
    in_space,
    patch_colours,
    patches,
    upload,
)

pytestmark = pytest.mark.django_db

GREY = [tuple([round(0.299 * r + 0.587 * g + 0.114 * b)] * 3) for r, g, b in COLOURS]
CLOSE = 12  # of 255: what lossy encoding of even patches costs


def stored_colours(content: bytes) -> list[tuple[int, int, int]]:
    """The colours of the patches, as stored. Every rendition must have the same, and no file a profile."""
    image = add_image(upload=upload(content), alt="x")
    make_renditions()
    image.refresh_from_db()
    assert {"image/avif", "image/webp"} <= {rendition["type"] for rendition in image.renditions}
    with Picture.open(image.file.path) as stored:
        assert "icc_profile" not in stored.info
        assert not stored.getexif()
        found = patch_colours(stored)
    for name in [*(rendition["file"] for rendition in image.renditions), image.link_preview]:
        with Picture.open(image.file.storage.path(name)) as made:
            assert "icc_profile" not in made.info, name
            if name != image.link_preview:  # which is cropped
                for one, other in zip(patch_colours(made), found, strict=True):
                    assert distance(one, other) <= CLOSE, name
    return found


def assert_close(found, expected, limit: int = CLOSE) -> None:
    assert [distance(one, other) <= limit for one, other in zip(found, expected, strict=True)] == [
        True
    ] * len(expected), (found, expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_plain_pictures_keep_their_colours(kind):
    assert_close(stored_colours(encoded(patches(), kind)), COLOURS)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette(kind):
    assert_close(stored_colours(encoded(patches().quantize(8), kind)), COLOURS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_wide_gamut_is_converted(kind):
    """The numbers differ by 60 and more; what a viewer sees must not."""
    numbers = in_space(patches(), WIDE_GAMUT)
    assert max(map(distance, patch_colours(numbers), COLOURS)) > 30
    assert_close(stored_colours(encoded(numbers, kind, icc_profile=WIDE_GAMUT)), COLOURS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey(kind):
    assert_close(stored_colours(encoded(patches().convert("L"), kind)), GREY)


def test_grey_with_transparency():
    grey = patches().convert("LA")
    grey.putalpha(Picture.new("L", grey.size, 100))
    image = add_image(upload=upload(encoded(grey, "PNG")), alt="x")
    with Picture.open(image.file.path) as stored:
        assert (stored.mode, stored.getpixel((50, 50))[3], image.transparent) == ("RGBA", 100, True)


def test_grey_of_sixteen_bits():
    """Pillow's convert() would make white of everything above 255."""
    deep = patches().convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    assert_close(stored_colours(encoded(deep, "PNG")), GREY, 2)


def sixteen_bit_rgb(colours) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + b"".join(struct.pack(">3H", *(value * 257 for value in each)) * 100 for each in colours)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 100 * len(colours), 100, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 100))
        + chunk(b"IEND", b"")
    )


def test_colours_of_sixteen_bits():
    assert_close(stored_colours(sixteen_bit_rgb(COLOURS)), COLOURS, 2)


def test_colours_for_print():
    """Without a profile those of a common press: 0, 255, 255 and 255, 0, 255 are on no paper."""
    content = encoded(for_print((600, 200)), "JPEG", quality=95)
    assert_close(stored_colours(content), list(PRESS_PATCHES.values()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("profile", [b"x", b"garbage" * 1_000, LAB_PROFILE[:400], LAB_PROFILE], ids=len)
def test_profile_that_is_garbage_or_for_other_pixels_is_dropped(kind, profile):
    assert_close(stored_colours(encoded(patches(), kind, icc_profile=profile)), COLOURS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_upright(orientation):
    exif = Picture.Exif()
    exif[0x0112] = orientation
    image = add_image(upload=upload(encoded(patches(), "JPEG", exif=exif.tobytes())), alt="x")
    assert (image.width, image.height) == ((600, 200) if orientation < 5 else (200, 600))
    with Picture.open(image.file.path) as stored:
        corner = stored.convert("RGB").getpixel((10, 10))
    expected = {1: 0, 4: 0, 5: 0, 6: 0, 2: 5, 3: 5, 7: 5, 8: 5}[orientation]  # the red end or the white one
    assert distance(corner, COLOURS[expected]) <= CLOSE


def test_only_the_first_picture_of_a_camera_file_is_kept():
    """Cameras put a second picture behind the first (MPF); it may show more than the author means."""
    second = Picture.effect_noise((300, 100), 200).convert("RGB")
    content = encoded(patches(), "MPO", save_all=True, append_images=[second], quality=90)
    assert content.count(b"\xff\xd8\xff") == 2

    image = add_image(upload=upload(content), alt="x")

    stored = image.file.read()
    image.file.close()
    assert stored.count(b"\xff\xd8\xff") == 1
    assert len(stored) < len(content) / 2
    with Picture.open(image.file.path) as picture:
        assert (picture.format, getattr(picture, "n_frames", 1)) == ("JPEG", 1)
        assert_close(patch_colours(picture), COLOURS)


def test_jpeg_does_not_grow():
    content = encoded(Picture.effect_noise((600, 400), 80).convert("RGB"), "JPEG", quality=70)
    image = add_image(upload=upload(content), alt="x")
    assert image.file.size <= len(content) * 1.02

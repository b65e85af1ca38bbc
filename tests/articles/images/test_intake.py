"""Uploaded pictures: which are accepted, what is removed from them, renditions, and the template tag."""

import re
import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from PIL import Image as Picture

from articles.images import MAX_BYTES, WIDTHS, add_image, make_renditions, replace_file
from articles.models import Image
from tests.factories import make_article, make_image

from .samples import grey_profile, upload

pytestmark = pytest.mark.django_db


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options) -> bytes:
    content = BytesIO()
    Picture.new(mode, size, 128 if mode in ("L", "P") else (200, 100, 50, 128)[: len(mode)]).save(
        content, kind, **options
    )
    return content.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "stored_kind"),
    [
        ("JPEG", "RGB", "JPEG"),
        ("JPEG", "CMYK", "JPEG"),
        ("PNG", "RGBA", "PNG"),
        ("PNG", "P", "PNG"),
        ("WEBP", "RGB", "WEBP"),
        ("GIF", "P", "PNG"),
    ],
)
def test_picture_is_stored_under_a_hash_of_its_content(kind, mode, stored_kind):
    image = add_image(upload=upload(picture(kind, mode=mode), "../../evil.php"), alt="A drawing")

    assert (image.width, image.height, image.alt) == (60, 40, "A drawing")
    assert "evil" not in image.file.name
    assert image.file.name.startswith("images/")
    with Picture.open(image.file.path) as stored:
        assert (stored.format, stored.size) == (stored_kind, (60, 40))


def test_metadata_is_removed():
    exif = Picture.Exif()
    exif[0x010F] = "A camera"
    exif[0x0112] = 6  # turned
    exif.get_ifd(0x8825)[1] = "N"
    image = add_image(upload=upload(picture(exif=exif.tobytes(), comment=b"secret comment")), alt="x")

    with Picture.open(image.file.path) as stored:
        assert dict(stored.getexif()) == {}
        assert stored.size == (40, 60)
    assert (image.width, image.height) == (40, 60)
    content = image.file.read()
    image.file.close()
    assert b"secret comment" not in content
    assert b"A camera" not in content


def decompression_bomb() -> bytes:
    """A PNG of a few bytes whose header claims 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def animated_gif(number: int = 2, **options) -> bytes:
    """Red, blue, red, …"""
    content = BytesIO()
    frames = [Picture.new("RGB", (10, 10), ("red", "blue")[n % 2]) for n in range(number)]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], **options)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a picture that can be shown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "an SVG drawing"),
        (b"<?php system($_GET['x']);", "not a picture that can be shown"),
        (picture("TIFF"), "A TIFF file is not a picture that can be shown"),
        (picture("BMP"), "not a picture that can be shown"),
        (picture(size=(600, 400))[:1_500], "damaged"),
        (picture("AVIF").partition(b"mdat")[0] + b"mdat" + bytes(50), "damaged"),
        (picture("AVIF").replace(b"av01", b"av02", 1), "not a picture"),
        (picture("PNG", (7_000, 6_000), "L"), "at most 40 million pixels"),
        (decompression_bomb(), "at most 40 million pixels"),
        (animated_gif(301), "too long: 301 frames"),
        (b"x" * (MAX_BYTES + 1), "at most 15 MB"),
        (picture("PNG", (20_000, 20_000), "1"), "at most 40 million pixels"),
        (picture("PNG", (1, 60_000)), "1 × 60000 pixels: too narrow"),
        (picture("JPEG", (60_000, 1)), "60000 × 1 pixels: too narrow"),
        (b"\x89PNG\r\n\x1a\n" + picture("JPEG"), "not a picture that can be shown"),
        (picture("PNG")[:33] + picture("JPEG"), "not a picture that can be shown"),
        (picture("PNG", (600, 400))[:-200], "damaged"),
        (picture("WEBP", (600, 400), "RGB", quality=100)[:60], "(damaged|not a picture)"),
        (picture("GIF", (600, 400), "P")[:200], "damaged"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "a HEIC photograph"),
        (b"<?xml version='1.0'?>\n<!-- c --><SVG onload='alert(1)'/>", "an SVG drawing"),
    ],
    ids=[
        "empty",
        "drawing",
        "script",
        "tiff",
        "bmp",
        "cut off",
        "damaged",
        "foreign codec",
        "large",
        "bomb",
        "moving",
        "heavy",
        "20,000 x 20,000",
        "1 x 60,000",
        "60,000 x 1",
        "signature of another format",
        "content of another format",
        "png cut off",
        "webp cut off",
        "gif cut off",
        "heic",
        "drawing behind a declaration",
    ],
)
def test_invalid_upload_is_refused(content, words, tmp_path):
    with pytest.raises(ValidationError, match=words):
        add_image(upload=upload(content), alt="x")
    assert not Image.objects.exists()
    assert list(tmp_path.rglob("*.*")) == []


def test_picture_needs_an_alt_text():
    with pytest.raises(ValidationError):
        add_image(upload=upload(picture()), alt="")


def test_replaced_file_has_a_new_name_and_no_renditions():
    image = add_image(upload=upload(picture()), alt="x")
    make_renditions()
    before = image.file.name

    replace_file(image, upload(picture(size=(80, 80))))

    image.refresh_from_db()
    assert image.file.name != before
    assert (image.width, image.renditions) == (80, [])


def test_renditions_are_smaller_and_made_once():
    image = add_image(upload=upload(picture(size=(1_200, 800))), alt="x")

    assert make_renditions() == 1
    assert make_renditions() == 0

    image.refresh_from_db()
    webp = [rendition for rendition in image.renditions if rendition["type"] == "image/webp"]
    assert [rendition["width"] for rendition in webp] == [480, 960, 1_200]
    for rendition in image.renditions:
        with Picture.open(image.file.storage.path(rendition["file"])) as made:
            assert made.width == rendition["width"] <= 1_200
            assert made.height == round(800 * rendition["width"] / 1_200)


def test_small_picture_is_not_enlarged():
    image = add_image(upload=upload(picture("PNG", (100, 50), "RGBA")), alt="x")
    make_renditions()
    image.refresh_from_db()
    assert {rendition["width"] for rendition in image.renditions} == {100}
    assert max(WIDTHS) > 100


def test_missing_file_does_not_block_other_pictures():
    make_image("images/missing.png")
    make_image("images/drawing.svg")
    image = add_image(upload=upload(picture()), alt="x")
    make_image("images/missing-too.png")

    assert make_renditions() == 1
    image.refresh_from_db()
    assert image.renditions


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_renditions_of_a_grey_picture_are_rgb_without_profile(kind):
    """Chromium shows nothing for RGB pixels with a grey profile, and <picture> does not fall back."""
    image = add_image(upload=upload(picture(kind, (1_000, 600), "L", icc_profile=grey_profile())), alt="x")
    make_renditions()
    image.refresh_from_db()
    assert len(image.renditions) >= 2
    for rendition in image.renditions:
        with Picture.open(image.file.storage.path(rendition["file"])) as made:
            assert (made.mode, made.info.get("icc_profile")) == ("RGB", None)
            assert (
                max(abs(channel - 146) for channel in made.getpixel((5, 5))) <= 3
            )  # 128 at a gamma of 1.8, in sRGB


def render_tag(image: Image, tag: str = "{% picture image sizes='50vw' %}") -> str:
    return Template("{% load pictures %}" + tag).render(Context({"image": image}))


def test_picture_tag_lists_the_renditions():
    image = make_image("images/a.png", alt='A "quoted" tree')
    image.renditions = [
        {"file": "images/a-480.avif", "type": "image/avif", "width": 480},
        {"file": "images/a-960.avif", "type": "image/avif", "width": 960},
        {"file": "images/a-480.webp", "type": "image/webp", "width": 480},
    ]
    assert render_tag(image) == (
        '<picture><source type="image/avif" '
        'srcset="/media/images/a-480.avif 480w, /media/images/a-960.avif 960w" sizes="50vw">'
        '<source type="image/webp" srcset="/media/images/a-480.webp 480w" sizes="50vw">'
        '<img src="/media/images/a.png" width="1600" height="900" alt="A &quot;quoted&quot; tree" '
        'loading="lazy" decoding="async">'
        "</picture>"
    )


def test_picture_tag_without_renditions_is_an_img():
    html = render_tag(make_image("images/a.svg"), "{% picture image alt='' eager=True %}")
    assert html == '<img src="/media/images/a.svg" width="1600" height="900" alt="" fetchpriority="high">'


def test_pages_show_the_renditions_of_a_cover(stranger):
    article = make_article(cover=add_image(upload=upload(picture(size=(1_200, 800))), alt="A lattice"))
    pages = ["/", article.get_absolute_url()]
    assert ["<picture>" in stranger.get(page).content.decode() for page in pages] == [False, False]

    make_renditions()

    for page in pages:
        assert re.search(
            r'<picture><source type="image/\w+" srcset="/media/\S+ \d+w', stranger.get(page).content.decode()
        )


def stored_or_refused(content: bytes) -> Image | None:
    """The picture, or None when it was refused in words. Any other error fails the test."""
    try:
        return add_image(upload=upload(content), alt="x")
    except ValidationError:
        return None


@pytest.mark.parametrize(
    ("kind", "exif"),
    [("PNG", b"Exif\0\0II*\0"), ("WEBP", b"Exif\0\0XXXXXXXXXX"), ("PNG", b"Exif\0\0" + b"M" * 20)],
)
def test_picture_with_broken_metadata_is_stored_or_refused_in_words(kind, exif, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    image = stored_or_refused(picture(kind, exif=exif))
    assert image is None or (image.width, image.height) == (60, 40)


@pytest.mark.parametrize("position", range(13, 400, 7))
def test_animation_with_a_flipped_byte_is_stored_or_refused_in_words(position, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    content = bytearray(animated_gif(3))
    content[position % len(content)] ^= 0xFF
    image = stored_or_refused(bytes(content))
    assert image is None or image.file.name.endswith((".webp", ".png"))

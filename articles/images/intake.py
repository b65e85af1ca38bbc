"""Reads an upload and makes of it what is stored, or says in words why it is refused.

What a file claims to be is checked before it is decoded: a PNG of a few kilobytes can decode to gigabytes.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from threading import Semaphore

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.translation import gettext as _
from PIL import Image as Picture
from PIL import JpegImagePlugin, UnidentifiedImageError

from . import animation, heic
from .colour import as_srgb, on_white
from .refusals import BROKEN, damaged

AVIF_SPEED = 9  # of 10: the editor waits, and with SQLite all writers do
# One picture at a time in a process: 40 million pixels take half a gigabyte while they are converted.
_DECODING = Semaphore()

# The accepted formats, and the suffix with which each is stored. An MPO is a JPEG of several pictures.
FORMATS = {
    "JPEG": "jpg",
    "MPO": "jpg",
    "HEIF": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "AVIF": "avif",
    "GIF": "png",
}
OPENED = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")  # an MPO is opened as JPEG
SAVED_AS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
MAX_BYTES = 15_000_000
MAX_PIXELS = 40_000_000
MAX_RATIO = 100  # of the longer side to the shorter; a screenshot of a long chat has about 40
QUALITY = 90


@dataclass(frozen=True)
class Stored:
    """A picture as it is stored. `still` is the first frame of an animation, as PNG; b"" for others."""

    content: bytes
    suffix: str
    size: tuple[int, int]
    transparent: bool
    still: bytes = b""


def read_upload(upload: File) -> Stored:
    """What is stored of an upload. Raises ValidationError, in words, for what is no picture we can show."""
    if upload.size > MAX_BYTES:
        raise ValidationError(
            _("This file is too large: at most %(limit)s MB."), params={"limit": MAX_BYTES // 1_000_000}
        )
    picture = _open(upload)
    try:
        with _DECODING:
            return _stored(picture)
    except BROKEN as error:
        raise damaged() from error


def _stored(picture: Picture.Image) -> Stored:
    if picture.format in animation.FORMATS and getattr(picture, "n_frames", 1) > 1:
        return _animation(picture)
    if getattr(picture, "is_animated", False) and picture.format not in ("MPO", "HEIF"):
        raise ValidationError(_("Animated pictures are accepted as GIF or WebP. Use one of these."))
    return _still(picture)


def _animation(picture: Picture.Image) -> Stored:
    content, still = animation.reencoded(picture)
    with Picture.open(BytesIO(still)) as first:
        return Stored(content, "webp", first.size, first.mode == "RGBA", still)


def _still(picture: Picture.Image) -> Stored:
    suffix = FORMATS[picture.format]
    pixels = as_srgb(_decoded(picture))
    if suffix == "jpg":
        pixels = pixels if pixels.mode == "L" else on_white(pixels)
    content = BytesIO()
    try:
        pixels.save(content, SAVED_AS[suffix], **_options(picture, pixels, suffix))
    except BROKEN as error:
        raise ValidationError(_("This picture cannot be stored: make it smaller.")) from error
    return Stored(content.getvalue(), suffix, pixels.size, pixels.mode == "RGBA")


def _options(picture: Picture.Image, pixels: Picture.Image, suffix: str) -> dict[str, object]:
    """How to encode: a JPEG as finely as it came, so that it grows neither larger nor visibly worse."""
    tables = getattr(picture, "quantization", None)
    if suffix == "avif":
        return {"quality": QUALITY, "speed": AVIF_SPEED}
    if suffix != "jpg":
        return {"quality": QUALITY, "optimize": True}
    if not tables or pixels.mode != picture.mode:
        return {"quality": QUALITY, "optimize": True, "progressive": True}
    sampling = JpegImagePlugin.get_sampling(picture)
    known = {"subsampling": sampling} if sampling >= 0 and pixels.mode == "RGB" else {}
    return {"qtables": tables, "optimize": True, "progressive": True, **known}


def _open(upload: File) -> Picture.Image:
    """The picture, not yet decoded, with its format and size checked."""
    upload.seek(0)
    _refuse_by_name(upload.read(4096))
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MAX_PIXELS is lower than Pillow's; metadata is dropped
            picture = Picture.open(upload, formats=[*OPENED, *heic.formats()])
    except Picture.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, *BROKEN) as error:
        raise ValidationError(
            _("This file is not a picture that can be shown. Use JPEG, PNG, WebP, AVIF or GIF.")
        ) from error
    _check_size(*picture.size)
    return picture


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if max(width, height) > MAX_RATIO * min(width, height):
        raise ValidationError(
            _(
                "This picture is %(width)s × %(height)s pixels: too narrow to be shown. "
                "Its longer side may be at most %(ratio)s times the shorter."
            ),
            params={"width": width, "height": height, "ratio": MAX_RATIO},
        )


def _refuse_by_name(start: bytes) -> None:
    """Name the formats that people try and that we cannot show, so that they know what to do instead."""
    if heic.is_heic(start) and not heic.formats():
        raise ValidationError(
            _("This is a HEIC photograph, which browsers do not show. Export it as JPEG, and upload that.")
        )
    if b"<svg" in start.lower():
        raise ValidationError(
            _("This is an SVG drawing, which may hold scripts. Export it as PNG or WebP, and upload that.")
        )
    if start[:4] in (b"II*\0", b"MM\0*"):
        raise ValidationError(
            _("A TIFF file is not a picture that can be shown. Export it as JPEG or PNG, and upload that.")
        )


def _decoded(picture: Picture.Image) -> Picture.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
    except BROKEN as error:
        raise damaged() from error
    return picture


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("This picture is too large: at most %(limit)s million pixels."),
        params={"limit": MAX_PIXELS // 1_000_000},
    )

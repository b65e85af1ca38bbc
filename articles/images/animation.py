"""Animations: stored as WebP, with their first frame as a still for readers who asked for reduced motion."""

from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image as Picture
from PIL import ImageOps, ImageSequence

from .colour import as_srgb
from .refusals import BROKEN, damaged

FORMATS = ("GIF", "WEBP")
MAX_FRAMES = 300
MAX_PIXELS = 40_000_000  # of all frames together: 160 MB in memory, some seconds of one core
DEFAULT_DURATION = 100  # milliseconds, as browsers take for a frame without one


def reencoded(picture: Picture.Image) -> tuple[bytes, bytes]:
    """The animation as WebP, and its first frame as PNG.

    Raises ValidationError for one that is too long or damaged.
    """
    _check_length(picture)
    orientation = picture.getexif().get(0x0112, 1)
    frames, durations = [], []
    try:
        for frame in ImageSequence.Iterator(picture):
            frames.append(_pixels(frame, orientation))
            durations.append(frame.info.get("duration") or DEFAULT_DURATION)
    except BROKEN as error:
        raise damaged() from error
    return _webp(frames, durations, picture.info.get("loop", 1)), _png(frames[0])


def _check_length(picture: Picture.Image) -> None:
    too_long = picture.n_frames > MAX_FRAMES
    if too_long or picture.width * picture.height * picture.n_frames > MAX_PIXELS:
        raise ValidationError(
            _(
                "This animation is too long: %(frames)s frames of %(width)s × %(height)s pixels. At most "
                "%(limit)s frames and %(millions)s million pixels in all: make it shorter or smaller."
            ),
            params={
                "frames": picture.n_frames,
                "width": picture.width,
                "height": picture.height,
                "limit": MAX_FRAMES,
                "millions": MAX_PIXELS // 1_000_000,
            },
        )


def _pixels(frame: Picture.Image, orientation: int) -> Picture.Image:
    copied = frame.convert("RGBA")
    copied.info = {name: frame.info[name] for name in ("icc_profile",) if name in frame.info}
    if orientation != 1:
        copied.getexif()[0x0112] = orientation
        copied = ImageOps.exif_transpose(copied)
    return as_srgb(copied).convert("RGBA")


def _webp(frames: list[Picture.Image], durations: list[int], loop: int) -> bytes:
    content = BytesIO()
    frames[0].save(
        content,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=loop,
        quality=75,
        method=2,
    )
    return content.getvalue()


def _png(frame: Picture.Image) -> bytes:
    content = BytesIO()
    as_srgb(frame).save(content, "PNG", optimize=True)
    return content.getvalue()

"""Pictures that editors upload, and the smaller versions made of them.

A picture is decoded and written anew: what a file carries beside its pixels (where it was taken, with whose camera, a script in a
comment) is left behind. Drawings (SVG) are documents that can run scripts: only those of the house itself are shown, and none is taken
as an upload.
"""

import hashlib
import logging
import warnings
from io import BytesIO
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image as Picture
from PIL import ImageCms, ImageOps, UnidentifiedImageError, features

from ictiger.core.text import strip_unstorable
from ictiger.pagecache.public_write import public_write

from .models import Image

logger = logging.getLogger("ictiger.images")

FORMATS = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "AVIF": "avif",
    "GIF": "png",
}  # and what each is kept as
MAX_BYTES = 15_000_000
MAX_PIXELS = 40_000_000  # a few kilobytes of PNG can unpack to gigabytes
WIDTHS = (480, 960, 1600)  # pixels: a phone's column, the text column twice as dense, a wide figure
SRGB = ImageCms.createProfile("sRGB")
PER_SWEEP = 10  # pictures: decoding a large one takes a second


def add_image(*, upload: File, alt: str, caption: str = "", credit: str = "") -> Image:
    """Check an uploaded picture and keep it. Raises ValidationError in words."""
    content, suffix, size = _clean(upload)
    image = Image(
        width=size[0],
        height=size[1],
        alt=strip_unstorable(alt),
        caption=strip_unstorable(caption),
        credit=strip_unstorable(credit),
    )
    image.clean_fields(exclude=["file"])
    with public_write() as write:
        image.file.save(
            f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}", ContentFile(content), save=False
        )
        image.save()
        write.touch(image)
    return image


def replace_file(image: Image, upload: File) -> None:
    """Put another file behind the picture. Its address changes with it, so that no browser keeps the old one."""
    content, suffix, size = _clean(upload)
    with public_write(image):
        image.file.save(
            f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}", ContentFile(content), save=False
        )
        image.width, image.height = size
        image.renditions = []
        image.save()


def make_renditions() -> int:
    """Make the smaller versions of pictures that have none yet, newest first. Returns the number of pictures done.

    May be run at any time, by several workers: making a version twice writes the same file.
    """
    done = 0
    for image in Image.objects.filter(renditions=[]).exclude(file__endswith=".svg"):
        try:
            renditions = _renditions_of(image)
        except (OSError, ValueError, RuntimeError):
            logger.exception("no renditions of picture %s", image.pk)
            continue
        with public_write(image):
            image.renditions = renditions
            image.save(update_fields=["renditions"])
        done += 1
        if done == PER_SWEEP:
            break
    return done


def _clean(upload: File) -> tuple[bytes, str, tuple[int, int]]:
    """The picture written anew, its suffix, its width and height."""
    if upload.size > MAX_BYTES:
        raise ValidationError(
            _("This file is too large: at most %(limit)s MB."), params={"limit": MAX_BYTES // 1_000_000}
        )
    picture = _open(upload)
    suffix = FORMATS[picture.format]
    pixels = _pixels(picture, opaque=suffix == "jpg")
    # The profile says what the colours mean, and nothing of who made them.
    profile = (
        {"icc_profile": picture.info["icc_profile"]}
        if picture.info.get("icc_profile") and pixels.mode == picture.mode
        else {}
    )
    content = BytesIO()
    pixels.save(content, "JPEG" if suffix == "jpg" else suffix.upper(), quality=90, optimize=True, **profile)
    return content.getvalue(), suffix, pixels.size


def _pixels(picture: Picture.Image, *, opaque: bool) -> Picture.Image:
    """The picture upright, in colours that browsers know, with nothing beside its pixels."""
    pixels = ImageOps.exif_transpose(_decoded(picture))
    if pixels.mode != "L" or pixels.has_transparency_data:
        pixels = _in_rgb(pixels, opaque=opaque)
    pixels.info = {}  # Pillow writes some of it back: comments, for one
    return pixels


def _in_rgb(picture: Picture.Image, *, opaque: bool = False) -> Picture.Image:
    """The picture as RGB, or as RGBA where it has transparency. Its `info` has a colour profile only if that fits these pixels.

    A profile for grey or CMYK is used to convert to sRGB and left behind: Chromium does not decode RGB pixels with a grey one.
    """
    mode = "RGB" if opaque or not picture.has_transparency_data else "RGBA"
    if picture.mode in ("RGB", "RGBA"):
        return picture.convert(mode)
    pixels, profile = picture.convert(mode), picture.info.get("icc_profile")
    pixels.info.pop("icc_profile", None)
    if profile and picture.mode in ("L", "CMYK"):
        try:
            pixels = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(BytesIO(profile)), SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            logger.info("a picture's colour profile could not be used")
        pixels.info.pop("icc_profile", None)
    return pixels


def _open(upload: File) -> Picture.Image:
    """The picture with its size and kind known and allowed, not yet decoded."""
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # ours is the lower limit
            picture = Picture.open(upload, formats=list(FORMATS))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, RuntimeError) as error:
        raise ValidationError(
            _("This file is not a picture that can be shown. Use JPEG, PNG, WebP, AVIF or GIF.")
        ) from error
    except Picture.DecompressionBombError as error:
        raise _too_many_pixels() from error
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_many_pixels()
    if getattr(picture, "n_frames", 1) > 1:
        raise ValidationError(_("Animated pictures are not accepted. Use a still one."))
    return picture


def _decoded(picture: Picture.Image) -> Picture.Image:
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, RuntimeError) as error:
        raise ValidationError(_("This file is damaged. Export the picture again and upload that.")) from error
    return picture


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("This picture is too large: at most %(limit)s million pixels."),
        params={"limit": MAX_PIXELS // 1_000_000},
    )


def _renditions_of(image: Image) -> list[dict[str, str | int]]:
    kinds = ["avif", "webp"] if features.check("avif") else ["webp"]
    widths = [width for width in WIDTHS if width < image.width] or [image.width]
    with default_storage.open(image.file.name) as file, Picture.open(file, formats=list(FORMATS)) as picture:
        full = _in_rgb(picture)
        return [_rendition(image, full, kind, width) for kind in kinds for width in widths]


def _rendition(image: Image, full: Picture.Image, kind: str, width: int) -> dict[str, str | int]:
    height = max(1, round(full.height * width / full.width))
    content = BytesIO()
    full.resize((width, height), Picture.Resampling.LANCZOS).save(
        content, kind.upper(), quality=60 if kind == "avif" else 80
    )
    original = PurePosixPath(image.file.name)
    name = str(original.with_name(f"{original.stem}-{width}.{kind}"))
    default_storage.delete(name)  # a save beside it would get another name
    return {
        "file": default_storage.save(name, ContentFile(content.getvalue())),
        "type": f"image/{kind}",
        "width": width,
    }

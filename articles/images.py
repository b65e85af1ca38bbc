"""Pictures that editors upload, and the smaller versions (renditions) made of them.

An upload is decoded and encoded again, which drops everything but its pixels: place, camera, a script in a
comment. SVG drawings can run scripts. Only those that come with the code are shown, and none is accepted as
an upload.
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

# The accepted formats, and the suffix with which each is stored.
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "png"}
MAX_BYTES = 15_000_000
MAX_PIXELS = 40_000_000  # a PNG of a few kilobytes can decode to gigabytes
WIDTHS = (480, 960, 1600)  # pixels: a phone, the text column at double density, a wide figure
SRGB = ImageCms.createProfile("sRGB")
MAX_PER_RUN = 10  # pictures; decoding a large one takes a second


def add_image(*, upload: File, alt: str, caption: str = "", credit: str = "") -> Image:
    """Check an uploaded picture and save it. Raises ValidationError with a message for the editor."""
    content, suffix, size = _reencode(upload)
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
    """Replace the picture's file.

    Its URL changes with it, so that browsers do not show the old one from their cache.
    """
    content, suffix, size = _reencode(upload)
    with public_write(image):
        image.file.save(
            f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}", ContentFile(content), save=False
        )
        image.width, image.height = size
        image.renditions = []
        image.save()


def make_renditions() -> int:
    """Make renditions for at most MAX_PER_RUN pictures without any, newest first. Returns their number.

    Several workers may run it at once: a rendition made twice is the same file.
    """
    count = 0
    for image in Image.objects.filter(renditions=[]).exclude(file__endswith=".svg"):
        try:
            renditions = _renditions_of(image)
        except (OSError, ValueError, RuntimeError):
            logger.exception("no renditions of picture %s", image.pk)
            continue
        with public_write(image):
            image.renditions = renditions
            image.save(update_fields=["renditions"])
        count += 1
        if count == MAX_PER_RUN:
            break
    return count


def _reencode(upload: File) -> tuple[bytes, str, tuple[int, int]]:
    """The encoded picture, its suffix, its width and height.

    Raises ValidationError for what is no such picture.
    """
    if upload.size > MAX_BYTES:
        raise ValidationError(
            _("This file is too large: at most %(limit)s MB."), params={"limit": MAX_BYTES // 1_000_000}
        )
    picture = _open(upload)
    suffix = FORMATS[picture.format]
    pixels = _pixels(picture, opaque=suffix == "jpg")
    # The profile defines the colours and reveals nothing about the author.
    profile = (
        {"icc_profile": picture.info["icc_profile"]}
        if picture.info.get("icc_profile") and pixels.mode == picture.mode
        else {}
    )
    content = BytesIO()
    pixels.save(content, "JPEG" if suffix == "jpg" else suffix.upper(), quality=90, optimize=True, **profile)
    return content.getvalue(), suffix, pixels.size


def _pixels(picture: Picture.Image, *, opaque: bool) -> Picture.Image:
    """The picture upright, in a colour mode that browsers support, without metadata."""
    pixels = ImageOps.exif_transpose(_decoded(picture))
    if pixels.mode != "L" or pixels.has_transparency_data:
        pixels = _in_rgb(pixels, opaque=opaque)
    pixels.info = {}  # Pillow would write parts of it, such as comments
    return pixels


def _in_rgb(picture: Picture.Image, *, opaque: bool = False) -> Picture.Image:
    """The picture as RGB, or RGBA if it has transparency. `info` keeps a colour profile only if it fits.

    A profile for grey or CMYK is used to convert to sRGB and then dropped: Chromium does not decode RGB
    pixels with a grey profile.
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
    """The picture, not yet decoded, with its format and size checked."""
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)  # MAX_PIXELS is lower
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
    default_storage.delete(name)  # save() would choose another name beside an existing file
    return {
        "file": default_storage.save(name, ContentFile(content.getvalue())),
        "type": f"image/{kind}",
        "width": width,
    }

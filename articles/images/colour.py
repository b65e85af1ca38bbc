"""The one way from whatever a picture comes in to sRGB pixels of 8 bits, done once, at upload.

Pictures are stored without a profile: pixels without one are sRGB for every browser.
"""

import logging
from functools import reduce
from io import BytesIO

from PIL import Image as Picture
from PIL import ImageChops, ImageCms, ImageOps

logger = logging.getLogger("ictiger.images")

SRGB = ImageCms.createProfile("sRGB")
MAX_PROFILE_BYTES = 4_000_000  # profiles of presses have up to two million
# The solids of cyan, magenta, yellow and black on coated paper in sRGB, as the usual American press (SWOP)
# prints them, for pictures that do not name theirs. Inks over each other come out somewhat darker than there.
INKS = ((0, 174, 239), (236, 0, 140), (255, 242, 0), (35, 31, 32))
PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")


def as_srgb(picture: Picture.Image) -> Picture.Image:
    """The decoded picture upright, as sRGB in mode L, RGB or RGBA, without metadata."""
    profile = picture.info.get("icc_profile")
    pixels, alpha = _without_alpha(_in_eight_bits(ImageOps.exif_transpose(picture)))
    was_grey = pixels.mode == "L"
    pixels = _converted(pixels, profile)
    if was_grey and alpha is None:
        pixels = pixels.convert("L")
    if alpha is not None:
        pixels = pixels.convert("RGB")
        pixels.putalpha(alpha)
    pixels.info = {}  # Pillow would write parts of it, such as comments
    return pixels


def on_white(picture: Picture.Image) -> Picture.Image:
    """The picture in RGB; white shows where it was transparent."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Picture.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _in_eight_bits(picture: Picture.Image) -> Picture.Image:
    """In a mode that a profile may be for: L, LA, RGB, RGBA or CMYK."""
    if picture.mode in SIXTEEN_BITS or picture.mode == "I":  # convert() would cut off all above 255
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode == "F":
        return picture.convert("L")
    if picture.has_transparency_data:
        return picture if picture.mode == "LA" else picture.convert("RGBA")
    if picture.mode == "1":
        return picture.convert("L")
    return picture if picture.mode in PROFILE_SPACES else picture.convert("RGB")


def _without_alpha(picture: Picture.Image) -> tuple[Picture.Image, Picture.Image | None]:
    if picture.mode == "LA":
        return picture.getchannel("L"), picture.getchannel("A")
    if picture.mode == "RGBA":
        alpha = picture.getchannel("A")
        # A channel that hides nothing would make the file larger, and the ground behind it show at its edge.
        return picture.convert("RGB"), alpha if alpha.getextrema()[0] < 255 else None
    return picture, None


def _converted(pixels: Picture.Image, data: bytes | None) -> Picture.Image:
    """The pixels, of mode L, RGB or CMYK, in sRGB by the profile if it is one for them."""
    profile = _profile(data) if data else None
    if profile is not None:
        try:
            fitting = _as_space(pixels, profile.profile.xcolor_space.strip())
            if fitting is not None:
                return ImageCms.profileToProfile(
                    fitting, profile, SRGB, outputMode="RGB", renderingIntent=_intent(fitting)
                )
        except (ImageCms.PyCMSError, OSError, ValueError):  # among them a name that is no text
            logger.info("a picture's colour profile could not be used")
    if pixels.mode == "CMYK":
        return _printed(pixels)
    return pixels


def _intent(pixels: Picture.Image) -> ImageCms.Intent:
    """For print the intent that keeps shades apart, else the one that keeps colours that both spaces have."""
    return ImageCms.Intent.PERCEPTUAL if pixels.mode == "CMYK" else ImageCms.Intent.RELATIVE_COLORIMETRIC


def _profile(data: bytes) -> ImageCms.ImageCmsProfile | None:
    if len(data) > MAX_PROFILE_BYTES:
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(data))
    except (ImageCms.PyCMSError, OSError, ValueError):
        logger.info("a picture's colour profile could not be read")
        return None


def _printed(pixels: Picture.Image) -> Picture.Image:
    """CMYK without a profile, as inks on white paper: each takes away of the light what its solid takes."""
    bands = []
    for channel in range(3):
        light = [
            band.point([255 - value * (255 - ink[channel]) // 255 for value in range(256)])
            for band, ink in zip(pixels.split(), INKS, strict=True)
        ]
        bands.append(reduce(ImageChops.multiply, light))
    return Picture.merge("RGB", bands)


def _as_space(pixels: Picture.Image, space: str) -> Picture.Image | None:
    """The pixels in the colour space of a profile; None if the profile is for another kind of picture."""
    if PROFILE_SPACES[pixels.mode] == space:
        return pixels
    if pixels.mode == "L" and space == "RGB":
        return pixels.convert("RGB")
    return None

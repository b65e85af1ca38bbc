"""The job that makes smaller versions (renditions) of pictures, and the JPEG for previews of links.

A version that its format cannot hold is left out. A picture of which something cannot be made is tried
MAX_ATTEMPTS times; what was made is used, and the desk names the picture.
"""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from PIL import Image as Picture
from PIL import ImageOps, features

from articles.models import Image
from ictiger.pagecache.public_write import public_write

from .colour import as_srgb, on_white
from .files import remove_after_commit, remove_files
from .intake import OPENED
from .refusals import BROKEN

logger = logging.getLogger("ictiger.images")

VERSION = 1  # raise it when all renditions are to be made anew
WIDTHS = (480, 960, 1280, 1920, 2560)  # pixels: phones, the text column at double density, wide figures
LINK_PREVIEW = (1200, 630)
LONGEST_SIDE = {"avif": 65_535, "webp": 16_383, "jpeg": 65_500, "png": 65_535}  # pixels
MAX_PER_RUN = 10  # pictures
MAX_SECONDS = 20  # after which a run begins no further picture: the worker has other jobs
MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=15)  # more than the largest picture takes


def make_renditions() -> int:
    """Make what is missing of at most MAX_PER_RUN pictures, newest first. Returns how many are complete now.

    Several workers may run it at once. An attempt is counted before it begins, so that a picture that kills
    the process is given up as well.
    """
    count, started = 0, time.monotonic()
    for image in waiting_images()[:MAX_PER_RUN]:
        if time.monotonic() - started > MAX_SECONDS:
            break
        if _claim(image):
            count += _make(image)
    return count


def waiting_images() -> QuerySet[Image]:
    """Pictures of which the job has something to make now."""
    return _incomplete().filter(attempts__lt=MAX_ATTEMPTS)


def failed_images() -> QuerySet[Image]:
    """Pictures that the job has given up."""
    return _incomplete().filter(attempts__gte=MAX_ATTEMPTS)


def state_of(image: Image) -> str:
    """ "made", "queued", "failed", or "drawing", which needs no versions."""
    if image.is_drawing:
        return "drawing"
    if image.renditions_version >= VERSION:
        return "made"
    is_claimed = image.claimed_until is not None and image.claimed_until > timezone.now()
    return "failed" if image.attempts >= MAX_ATTEMPTS and not is_claimed else "queued"


def _incomplete() -> QuerySet[Image]:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    return Image.objects.filter(unclaimed, renditions_version__lt=VERSION).exclude(file__endswith=".svg")


def _claim(image: Image) -> bool:
    """Count an attempt, unless another worker has taken the picture. No page shows it: nothing is purged."""
    with public_write():
        taken = waiting_images().filter(pk=image.pk, attempts=image.attempts)
        return bool(taken.update(attempts=F("attempts") + 1, claimed_until=timezone.now() + LEASE))


def _make(image: Image) -> bool:
    made = Made(image)
    try:
        made.run()
    except BROKEN as error:
        logger.warning("no versions of picture %s: %s", image.pk, error)
        made.problems.append(str(error) or type(error).__name__)
    return _save(image, made)


def _save(image: Image, made: "Made") -> bool:
    """Store what was made, unless the picture has another file now or is gone."""
    with public_write(image):
        stored = Image.objects.select_for_update().filter(pk=image.pk).first()
        if stored is None or stored.file.name != image.file.name:
            remove_files(made.new_files)
            return False
        stored.renditions = made.renditions
        same_focus = (stored.focus_x, stored.focus_y) == (image.focus_x, image.focus_y)
        if same_focus:
            stored.link_preview = made.link_preview
        stored.problem = "; ".join(made.problems)[:300]
        stored.claimed_until = None
        complete = not made.problems and same_focus
        stored.transparent = made.transparent
        if complete:
            stored.renditions_version, stored.attempts = VERSION, 0
        remove_after_commit({*image.file_names, *made.new_files} - set(stored.file_names))
        stored.save()
    return complete


class Made:
    """The versions of one picture, those that it has already among them."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.renditions: list[dict[str, str | int]] = []
        self.link_preview = image.link_preview
        self.transparent = image.transparent
        self.problems: list[str] = []
        self.new_files: list[str] = []

    def run(self) -> None:
        image = self.image
        with (
            default_storage.open(image.still or image.file.name) as file,
            Picture.open(file, formats=OPENED) as picture,
        ):
            full = _stored_pixels(picture)
        self.transparent = full.mode == "RGBA"
        existing = {
            (each["type"], each["width"]): each for each in image.renditions if each.get("version") == VERSION
        }
        for kind, width in wanted(image, transparent=self.transparent):
            known = existing.get((f"image/{kind}", width))
            made = known or self._attempt(f"{kind} {width}", self._rendition, full, kind, width)
            if made:
                self.renditions.append(made)
        if not self.link_preview:
            self.link_preview = self._attempt("link preview", self._preview, full) or ""

    def _attempt(self, what: str, make, *args: object):
        try:
            return make(*args)
        except BROKEN as error:
            logger.warning("picture %s: %s: %s", self.image.pk, what, error)
            self.problems.append(f"{what}: {error}")
            return None

    def _rendition(self, full: Picture.Image, kind: str, width: int) -> dict[str, str | int]:
        size = width, max(1, round(full.height * width / full.width))
        pixels = full if size == full.size else full.resize(size, Picture.Resampling.LANCZOS, reducing_gap=3)
        content = BytesIO()
        pixels.save(content, kind.upper(), **_options(kind, *size))
        suffix = "jpg" if kind == "jpeg" else kind
        name = self._save(f"{width}w.{suffix}", content)
        return {"file": name, "type": f"image/{kind}", "width": width, "version": VERSION}

    def _preview(self, full: Picture.Image) -> str:
        x, y = self.image.focus_x, self.image.focus_y
        pixels = ImageOps.fit(on_white(full), LINK_PREVIEW, centering=(x / 100, y / 100))
        content = BytesIO()
        pixels.save(content, "JPEG", quality=85, optimize=True, progressive=True)
        return self._save(f"link-{x}-{y}.jpg", content)

    def _save(self, ending: str, content: BytesIO) -> str:
        original = PurePosixPath(self.image.file.name)
        name = str(original.with_name(f"{original.stem}-{ending}"))
        default_storage.delete(name)  # save() would choose another name beside an existing file
        saved = default_storage.save(name, ContentFile(content.getvalue()))
        self.new_files.append(saved)
        return saved


def wanted(image: Image, *, transparent: bool) -> Iterator[tuple[str, int]]:
    """Kind and width of each version, the best kind first, up to the picture's own width.

    The file itself stands at its own width for browsers that know neither AVIF nor WebP.
    """
    fallback = "png" if transparent else "jpeg"
    for kind in (["avif"] if features.check("avif") else []) + ["webp", fallback]:
        for width in [*(width for width in WIDTHS if width < image.width), image.width]:
            height = image.height * width / image.width
            is_file = width == image.width and image.file.name.endswith((".jpg", ".png"))
            if max(width, height) <= LONGEST_SIDE[kind] and not (kind == fallback and is_file):
                yield kind, width


def _options(kind: str, width: int, height: int) -> dict[str, object]:
    """Large ones are encoded more quickly: a picture of 40 million pixels would take minutes."""
    if kind == "avif":
        pixels = width * height
        speed = 6 if pixels < 1_500_000 else 8 if pixels < 5_000_000 else 10
        return {"quality": 60 if width <= WIDTHS[1] else 55, "speed": speed}
    if kind == "png":
        return {"optimize": True}
    return {"quality": 80} if kind == "webp" else {"quality": 80, "optimize": True, "progressive": True}


def _stored_pixels(picture: Picture.Image) -> Picture.Image:
    """The stored picture in RGB or RGBA, in sRGB. What version 1.0.0 stored may have a profile."""
    pixels = as_srgb(picture)
    return pixels.convert("RGB") if pixels.mode == "L" else pixels

"""The HTML of pictures: `<picture>` with a source for each format, in covers and in texts.

A stored text has a plain `<img>` with the address that its author wrote. What shows it puts the present file
and its versions there: those are made after the text was published.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from itertools import groupby

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from articles.models import Image
from articles.models.image import CENTRE

from .uses import images_by_name, name_of, picture_names

# In sanitised HTML a "<" always begins a tag, and values stand in double quotes.
# It begins with fixed letters: an optional part there would make the search ten times as slow.
PICTURE = re.compile(r'<img((?:\s+[\w-]+(?:="[^"]*")?)*)\s*/?>')
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
TEXT_SIZES = "(min-width: 80rem) 56rem, (min-width: 40rem) 44rem, 100vw"
FEED_WIDTH = 960  # pixels: the column of most feed readers at double density
SMALL = 480  # pixels: a picture up to so wide is not stretched over a phone's margins
OPENED_FROM = 600  # pixels: what is wider is shown smaller than it is on a phone
FIRST_SCREEN = 600  # characters of HTML before a picture that readers see at once


def picture_element(
    image: Image, sizes: str = "100vw", *, alt: str | None = None, eager: bool = False
) -> SafeString:
    """A picture with all its versions; no query. `alt=""` if the text beside it says the same; `eager` for
    one on the first screen."""
    loading = 'fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'
    attributes = f'alt="{escape(image.alt if alt is None else alt)}" {loading}'
    return mark_safe(_element(image, sizes, attributes, _classes(image)))  # noqa: S308  (escaped here)


def expand_pictures(html: str, *, eager: bool = False) -> SafeString:
    """The text with all versions of its pictures, in one query; none for a text without pictures.

    `eager`: there is no picture above the text, so that one at its beginning is loaded first.
    """
    names = picture_names(html)
    images = images_by_name(names) if names else {}
    if not images:
        return mark_safe(html)  # noqa: S308  (sanitised when it was saved)

    def expand(found: re.Match) -> str:
        return _in_text(found, images, eager=eager and found.start() < FIRST_SCREEN)

    return mark_safe(PICTURE.sub(expand, html))  # noqa: S308  (as above; attributes are the text's own)


def plain_pictures(texts: Iterable[str]) -> list[str]:
    """The texts, each picture a plain `<img>` of a moderate width, for feed readers. One query for all."""
    texts = list(texts)
    names = set().union(*map(picture_names, texts))
    images = images_by_name(names) if names else {}

    def replace(found: re.Match) -> str:
        attributes = dict(ATTRIBUTE.findall(found[1]))
        image = images.get(name_of(attributes.get("src", "")))
        if image is None:
            return found[0]
        file, width = _moderate(image)
        attributes["src"], attributes["width"] = escape(default_storage.url(file)), str(width)
        attributes["height"] = str(max(1, round(image.height * width / max(1, image.width))))
        attributes.pop("loading", None)
        written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        return f"<img {written}>"

    return [PICTURE.sub(replace, text) for text in texts] if images else texts


def link_preview_url(image: Image) -> str:
    """The URL, without host, of the picture for previews of links: the JPEG made for it, or the file."""
    return default_storage.url(image.link_preview) if image.link_preview else image.file.url


def _in_text(found: re.Match, images: dict[str, Image], *, eager: bool) -> str:
    written = dict(ATTRIBUTE.findall(found[1]))
    image = images.get(name_of(written.get("src", "")))
    if image is None:
        return found[0]
    loading = 'fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'
    title = f' title="{written["title"]}"' if written.get("title") else ""
    classes = [*_classes(image), *(["small"] if image.width < SMALL else [])]
    element = _element(image, TEXT_SIZES, f'alt="{written.get("alt", "")}"{title} {loading}', classes)
    alone = found.string[max(0, found.start() - 20) : found.start()].rstrip().endswith("<figure>")
    return _opening(image, element) if alone and image.width >= OPENED_FROM else element


def _opening(image: Image, element: str) -> str:
    """A link around a picture that screens show smaller than it is, to all of it."""
    webp = [each for each in _versions(image, "image/webp") if each["width"] == image.width]
    url = default_storage.url(webp[0]["file"]) if webp and not image.still else image.file.url
    label = format_html('<span class="visually-hidden">{}</span>', _("Open the picture in full size"))
    attributes = f'href="{escape(url)}" data-close="{escape(_("Close"))}"'
    return f'<a class="full-size" {attributes}>{element}{label}</a>'


def _element(image: Image, sizes: str, attributes: str, classes: list[str]) -> str:
    names = f' class="{" ".join(classes)}"' if classes else ""
    src, srcset = _fallback(image)
    chosen = f' srcset="{srcset}" sizes="{escape(sizes)}"' if srcset else ""
    img = (
        f'<img src="{escape(src)}"{chosen} width="{image.width}" height="{image.height}"{names} {attributes}>'
    )
    if not image.renditions:
        return img
    media = ' media="(prefers-reduced-motion: reduce)"' if image.still else ""
    kinds = groupby(_sources(image), key=lambda rendition: rendition["type"])
    sources = "".join(
        f'<source{media} type="{kind}" srcset="{_srcset(files)}" sizes="{escape(sizes)}">'
        for kind, files in kinds
    )
    return f"<picture>{sources}{img}</picture>"


def _sources(image: Image) -> list[dict]:
    """The versions for `<source>`. Those of the fallback format stand at the `<img>`."""
    if image.still:
        return image.renditions
    return [each for each in image.renditions if each["type"] not in ("image/jpeg", "image/png")]


def _fallback(image: Image) -> tuple[str, str]:
    """`src` and `srcset` for browsers that know neither AVIF nor WebP."""
    files = [] if image.still else _versions(image, "image/jpeg", "image/png")
    if not files:
        return image.file.url, ""
    if image.file.name.endswith((".jpg", ".png")):
        files = [*files, {"file": image.file.name, "width": image.width}]
    return default_storage.url(files[-1]["file"]), _srcset(files)


def _versions(image: Image, *kinds: str) -> list[dict]:
    return [rendition for rendition in image.renditions if rendition["type"] in kinds]


def _moderate(image: Image) -> tuple[str, int]:
    """Name and width of the file for feeds: the widest up to FEED_WIDTH in a format that all readers know, or
    the file itself."""
    known = _versions(image, "image/jpeg", "image/png") or _versions(image, "image/webp")
    fitting = [each for each in known if each["width"] <= FEED_WIDTH]
    is_known = image.file.name.endswith((".jpg", ".png", ".svg"))
    if not fitting or (is_known and image.width <= FEED_WIDTH):
        return image.file.name, image.width
    widest = max(fitting, key=lambda each: each["width"])
    return widest["file"], widest["width"]


def _classes(image: Image) -> list[str]:
    """The place that stays in view when it is cropped, in steps of ten percent, and a ground to stand on."""
    focus = {"focus-x": round(image.focus_x, -1), "focus-y": round(image.focus_y, -1)}
    classes = [f"{name}-{place}" for name, place in focus.items() if place != CENTRE]
    return [*classes, *(["on-light"] if image.transparent else [])]


@lru_cache(maxsize=10_000)
def _escaped_url(name: str, _media_url: str) -> str:
    """A page asks for a dozen versions of each picture, and the storage takes 30 microseconds for each."""
    return escape(default_storage.url(name))


def _srcset(files: Iterable[dict]) -> str:
    return ", ".join(
        f"{_escaped_url(rendition['file'], settings.MEDIA_URL)} {rendition['width']}w" for rendition in files
    )

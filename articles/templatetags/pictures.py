"""`{% picture image sizes="(min-width: 60rem) 40rem, 100vw" eager=True %}`: a responsive picture."""

from itertools import groupby

from django import template
from django.core.files.storage import default_storage
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from articles.models import Image

register = template.Library()


@register.simple_tag
def picture(image: Image, sizes: str = "100vw", *, alt: str | None = None, eager: bool = False) -> SafeString:
    """A `<picture>` with a source for each format, or an `<img>` while there are no renditions. No query.

    Pass `alt=""` if the text beside it says the same, and `eager=True` for a picture on the first screen.
    """
    img = format_html(
        '<img src="{}" width="{}" height="{}" alt="{}" {}>',
        image.file.url,
        image.width,
        image.height,
        image.alt if alt is None else alt,
        SafeString('fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'),
    )
    if not image.renditions:
        return img
    by_type = groupby(image.renditions, key=lambda rendition: rendition["type"])
    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((kind, _srcset(files), sizes) for kind, files in by_type),
    )
    return format_html("<picture>{}{}</picture>", sources, img)


def _srcset(files: list[dict]) -> str:
    return ", ".join(f"{default_storage.url(rendition['file'])} {rendition['width']}w" for rendition in files)

"""`{% picture image sizes="(min-width: 60rem) 40rem, 100vw" eager=True %}`: a responsive picture.

`{% text_with_pictures html %}`: a rendered text with responsive pictures.
"""

from django import template
from django.utils.safestring import SafeString

from articles import images
from articles.models import Image

register = template.Library()


@register.simple_tag
def picture(image: Image, sizes: str = "100vw", *, alt: str | None = None, eager: bool = False) -> SafeString:
    """A `<picture>` with a source for each format, or an `<img>` while there are no renditions. No query.

    Pass `alt=""` if the text beside it says the same, and `eager=True` for a picture on the first screen.
    """
    return images.picture_element(image, sizes, alt=alt, eager=eager)


@register.simple_tag
def text_with_pictures(html: str, *, eager: bool = False) -> SafeString:
    """The sanitised HTML of a text with all versions of its pictures. One query if it names any."""
    return images.expand_pictures(html, eager=eager)


@register.simple_tag
def link_preview_url(image: Image) -> str:
    """The URL, without host, of what previews of links show of a cover."""
    return images.link_preview_url(image)

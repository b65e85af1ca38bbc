"""Which pictures stand in which texts.

Texts name a picture by the address of its file. The address goes on naming the picture when its file is
replaced: its former names are remembered.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import unquote

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from articles.models import Article, Draft, FormerFile, Image, ImageUse, Page
from ictiger.core.prepared import Param, PreparedQuery
from ictiger.core.text import strip_unstorable

# An address ends at a blank or at a sign that closes it in HTML or Markdown; a query is no part of the name.
NAME = re.compile(r"[^\s\"'<>()\[\]?#\\]+")

_BY_FILE = PreparedQuery(lambda names: Image.objects.filter(file__in=Param("names", names)).order_by())
_BY_FORMER_FILE = PreparedQuery(
    lambda names: FormerFile.objects.filter(name__in=Param("names", names)).select_related("image").order_by()
)


def picture_names(text: str) -> set[str]:
    """The names of all files that a text, in HTML or Markdown, names by their address."""
    start = settings.MEDIA_URL
    pieces = text.split(start)[1:] if start in text else ()
    names = (unquote(found[0]) for found in map(NAME.match, pieces) if found)
    return {name for name in names if strip_unstorable(name) == name}


def name_of(address: str) -> str:
    """The name of the file at an address on this site; "" for any other."""
    if not address.startswith(settings.MEDIA_URL):
        return ""
    found = NAME.match(address, len(settings.MEDIA_URL))
    return strip_unstorable(unquote(found[0])) if found else ""


def images_by_name(names: Iterable[str]) -> dict[str, Image]:
    """The pictures of these files, by the name asked for: one query, and one more for names that no picture
    has now."""
    wanted = set(names)
    found = {image.file.name: image for image in _rows(_BY_FILE, wanted)}
    found |= {former.name: former.image for former in _rows(_BY_FORMER_FILE, wanted - found.keys())}
    return found


def _rows(query: PreparedQuery, names: Collection[str]) -> list:
    """The list is filled up to a power of two, so that few variants of the query are compiled."""
    if not names:
        return []
    places = 1 << (len(names) - 1).bit_length()
    return query.rows(places, names=[*names, *[""] * (places - len(names))])


def picture_sizes(text: str) -> dict[str, tuple[int, int]]:
    """Width and height of the pictures that a text names, by the names it gives them."""
    return {name: (image.width, image.height) for name, image in images_by_name(picture_names(text)).items()}


def record_uses(owner: Article | Draft | Page, text: str, *, before: str = "") -> None:
    """Record which pictures stand in the text of `owner`, which is saved. Without pictures now and before it
    asks nothing."""
    names = picture_names(text)
    if not names and not picture_names(before):
        return
    images = {image.pk for image in images_by_name(names).values()}
    field = owner._meta.model_name
    rows = ImageUse.objects.filter(**{field: owner})
    recorded = set(rows.values_list("image", flat=True))
    if recorded - images:
        rows.filter(image__in=recorded - images).delete()
    if images - recorded:
        ImageUse.objects.bulk_create(
            (ImageUse(**{field: owner}, image_id=image) for image in images - recorded), ignore_conflicts=True
        )


def users_of(image: Image) -> list[Article | Draft | Page]:
    """What shows the picture: published articles and pages, and drafts that will, as cover or in the text."""
    articles = Article.objects.filter(_shown(image, "article")).exclude(publish_at=None)
    drafts = Draft.objects.filter(_shown(image, "draft")).select_related("article")
    pages = Page.objects.filter(pk__in=_users(image, "page"))
    return [*articles.order_by("pk"), *drafts.order_by("pk"), *pages.order_by("pk")]


def articles_showing(image: Image) -> QuerySet[Article]:
    return Article.objects.filter(_shown(image, "article"))


def pages_showing(image: Image) -> QuerySet[Page]:
    return Page.objects.filter(pk__in=_users(image, "page"))


def _shown(image: Image, field: str) -> Q:
    return Q(cover=image) | Q(pk__in=_users(image, field))


def _users(image: Image, field: str) -> QuerySet:
    return ImageUse.objects.filter(**{"image": image, f"{field}__isnull": False}).values(field)


def complete_uses(image: Image) -> None:
    """Search all texts for the picture and record what is missing: a release that knew no uses may have
    published during an upgrade. Reads every text: for rare writes only."""
    names = [image.file.name, *image.former_files.values_list("name", flat=True)]
    for owner in _texts_naming(names):
        ImageUse.objects.get_or_create(image=image, **{owner._meta.model_name: owner})


def _texts_naming(names: list[str]) -> Iterator[Model]:
    for model, field in ((Article, "body_html"), (Draft, "body"), (Page, "body_html")):
        condition = Q()
        for name in names:
            condition |= Q(**{f"{field}__contains": name})
        yield from model._base_manager.filter(condition).only("pk")

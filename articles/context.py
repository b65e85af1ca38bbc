"""What every page needs to know of the publication. Asked for only where a template does."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject

from ictiger.languages import Language

from . import reading
from .links import other_than, switch_to


def publication(request: HttpRequest) -> dict[str, object]:
    here = SimpleLazyObject(reading.publication)
    return {
        "publication": here,
        "menu": reading.menu,
        "footer_pages": reading.footer_pages,
        "social_links": lambda: reading.social_links(here),
        "other_language": SimpleLazyObject(lambda: switch_to(_same_page(request))),
        "SITE_URL": settings.SITE_URL,
    }


def _same_page(request: HttpRequest) -> str | None:
    """The same page in the other language, where its address differs by the prefix alone; views of articles say it themselves."""
    here = request.path
    there = translate_url(here, other_than(Language.active()))
    named_by_slug = request.resolver_match is None or request.resolver_match.app_name in ("articles", "comments")
    return None if named_by_slug or there == here else there

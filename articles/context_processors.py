"""What every page needs to know of the publication. Asked for only where a template does."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject

from ictiger.core.languages import Language

from . import queries
from .hooks import apps_with_language_links
from .links import language_switch_link, other_language_url


def publication_context(request: HttpRequest) -> dict[str, object]:
    here = SimpleLazyObject(queries.publication)
    return {
        "publication": here,
        "menu": queries.menu,
        "footer_pages": queries.footer_pages,
        "social_links": lambda: queries.social_links(here),
        "other_language": SimpleLazyObject(lambda: language_switch_link(_translated_page(request))),
        "SITE_URL": settings.SITE_URL,
    }


def _translated_page(request: HttpRequest) -> str | None:
    """The URL of the page in the other language, if only the prefix differs. Other views pass the link themselves."""
    match = request.resolver_match
    if match is None or match.app_name in apps_with_language_links:
        return None
    url = translate_url(request.path, other_language_url(Language.active()))
    return url if url != request.path else None

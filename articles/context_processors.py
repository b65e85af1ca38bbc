"""What every page needs to know of the publication. Asked for only where a template does."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject

from ictiger.core.languages import Language

from . import queries
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
    """The same page in the other language, where its address differs by the prefix alone; views of articles say it themselves."""
    here = request.path
    there = translate_url(here, other_language_url(Language.active()))
    named_by_slug = request.resolver_match is None or request.resolver_match.app_name in (
        "articles",
        "comments",
    )
    return None if named_by_slug or there == here else there

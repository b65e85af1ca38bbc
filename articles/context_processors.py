"""Template context of every page. Its queries run only if a template uses the variable."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject

from ictiger.core.languages import Language

from . import queries
from .hooks import apps_with_language_links
from .links import language_switch_link, other_language


def publication_context(request: HttpRequest) -> dict[str, object]:
    publication = SimpleLazyObject(queries.publication)
    return {
        "publication": publication,
        "menu": queries.menu,
        "footer_pages": queries.footer_pages,
        "social_links": lambda: queries.social_links(publication),
        "other_language": SimpleLazyObject(lambda: language_switch_link(_other_language_url(request))),
        "SITE_URL": settings.SITE_URL,
    }


def _other_language_url(request: HttpRequest) -> str | None:
    """The URL of the page in the other language, if only the prefix differs.

    Other views pass the link themselves.
    """
    match = request.resolver_match
    if match is None or match.app_name in apps_with_language_links:
        return None
    url = translate_url(request.path, other_language(Language.active()))
    return url if url != request.path else None

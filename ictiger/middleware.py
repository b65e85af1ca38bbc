"""The content policy, the language of a path, refusal of unreadable requests, missing final slashes."""

import logging
from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    HttpResponsePermanentRedirect,
)
from django.http.multipartparser import MultiPartParserError
from django.middleware.common import CommonMiddleware
from django.urls import get_resolver
from django.utils import translation
from django.utils.http import escape_leading_slashes

logger = logging.getLogger("ictiger.requests")


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, but the site's policy is built once.

    Only responses that change it build their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        uses_site_policy = not settings.DEBUG and not any(name.startswith("_csp") for name in vars(response))
        if not uses_site_policy:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response


class PathLanguageMiddleware:
    """Activate the language of the path's prefix; without a prefix, English.

    Django's LocaleMiddleware also reads cookies and Accept-Language and adds `Vary`: pages of one path would
    differ between readers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class ErrorPagesMiddleware:
    """Show our own 400, 404 and 413 pages, also with DEBUG, as quickstart sets it.

    Requests that cannot be read are refused before any view: a host that is not ours, a body that is too
    large, a form that is malformed or not in UTF-8.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _refuse_unreadable(request, _read_form) or self.get_response(request)
        if isinstance(response, HttpResponseNotFound):  # Django's own; ours is a rendered HttpResponse
            return _error_page(404)(request, Http404())
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        """Refuse a query string with too many fields. Public pages have none, so theirs is not read."""
        return (
            None
            if getattr(view, "public_page", False)
            else _refuse_unreadable(request, lambda request: request.GET)
        )


def _refuse_unreadable(request: HttpRequest, read: Callable[[HttpRequest], object]) -> HttpResponse | None:
    try:
        read(request)
    except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
        logger.warning("%r cannot be read: %s", request.path, error)
        return _error_page(400)(request, error)
    return None


def _error_page(status: int) -> Callable[[HttpRequest, Exception], HttpResponse]:
    return get_resolver().resolve_error_handler(status)


def _read_form(request: HttpRequest) -> None:
    """Read the host and the form. Raises what Django raises, RequestDataTooBig, and BadRequest for other
    charsets.

    Django bounds the part of a form that it holds in memory, but writes uploaded files to disk whatever their
    size and sender. And it accepts any charset the sender names: `rot13` is a codec but not for text, and
    `unicode_escape` produces lone surrogates in any field. Both would fail with 500, deep inside unrelated
    forms.
    """
    if content_length(request) > settings.LARGEST_BODY:
        raise RequestDataTooBig(f"a body of more than {settings.LARGEST_BODY} bytes")
    charset = request.content_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise BadRequest(f"sent in {charset!r}, not in UTF-8")
    request.get_host()
    _ = request.POST


def content_length(request: HttpRequest) -> int:
    """The Content-Length of the request, or 0 if it is missing or malformed.

    Django reads no more than that.
    """
    try:
        return int(request.headers.get("content-length") or 0)
    except ValueError:
        return 0


class AppendSlashMiddleware(CommonMiddleware):
    """Redirect to the path with its final slash: GET and HEAD by 301, other methods by 308, which repeats the
    body.

    Django's own middleware redirects POSTs by 301 too, and the browser then sends a GET without the text.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and super().should_redirect_with_slash(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if (
            response.status_code == 404
            and request.method not in ("GET", "HEAD")
            and super().should_redirect_with_slash(request)
        ):
            path = escape_leading_slashes(request.get_full_path(force_append_slash=True))
            return HttpResponsePermanentRedirect(path, preserve_request=True)
        return super().process_response(request, response)

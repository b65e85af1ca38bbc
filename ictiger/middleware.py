"""How a request is read: the language its path names, a final slash that is missing, and what cannot be read at all."""

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
    """django-csp's, which puts the policy together anew for each answer, though hardly one asks for another than the house's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_plain = not settings.DEBUG and not any(name.startswith("_csp") for name in vars(response))
        if not is_plain:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response


class PathLanguageMiddleware:
    """Activate the language named by the path's prefix; without a prefix, English.

    Django's LocaleMiddleware also consults cookies and Accept-Language and adds `Vary`: pages would differ between readers of one path.
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
    """Our own pages for what is wrong with a request, on every installation: with DEBUG on, as quickstart has it, Django shows its insides.

    What cannot be read is refused here, before any view: a host that is not ours, more than anything the site takes in, a form that is
    broken or not in UTF-8.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _refusal(request, _read_form) or self.get_response(request)
        if isinstance(response, HttpResponseNotFound):  # Django's; ours is rendered
            return _error_page(404)(request, Http404())
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        """A query of too many fields is refused where queries are read: a public page has none."""
        return None if getattr(view, "public_page", False) else _refusal(request, lambda request: request.GET)


def _refusal(request: HttpRequest, read: Callable[[HttpRequest], object]) -> HttpResponse | None:
    try:
        read(request)
    except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
        logger.warning("%r cannot be read: %s", request.path, error)
        return _error_page(400)(request, error)
    return None


def _error_page(status: int) -> Callable[[HttpRequest, Exception], HttpResponse]:
    return get_resolver().resolve_error_handler(status)


def _read_form(request: HttpRequest) -> None:
    """Read the host and the form. Raises what Django raises, and two things more.

    Django bounds what it keeps of a form in memory, but writes the files of any POST to disk, however large and whoever sends them. And it
    takes the sender's word for the charset: `rot13` is a codec, but none of text, and `unicode_escape` makes lone surrogates in any field;
    both would end as errors of ours, deep inside forms that have nothing to do with charsets.
    """
    if content_length(request) > settings.LARGEST_BODY:
        raise RequestDataTooBig(f"a body of more than {settings.LARGEST_BODY} bytes")
    charset = request.content_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise BadRequest(f"sent in {charset!r}, not in UTF-8")
    request.get_host()
    _ = request.POST


def content_length(request: HttpRequest) -> int:
    """How many bytes the request says it carries; Django reads no more than that, and none where it says nothing that can be read."""
    try:
        return int(request.headers.get("content-length") or 0)
    except ValueError:
        return 0


class AppendSlashMiddleware(CommonMiddleware):
    """Leads to the path with its final slash: reads by 301, writes by 308, with which the browser sends the text once more.

    Django's own answers writes with 301 too, and the browser then asks again without the text.
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

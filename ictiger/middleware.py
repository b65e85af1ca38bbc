"""How a request is read: the language its path names, a final slash that is missing, the charset and the size of what it carries."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils import translation
from django.utils.http import escape_leading_slashes


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


class CharsetMiddleware:
    """Read every request as UTF-8, as every browser sends it; refuse one that names another charset (400).

    Django takes the sender's word for it: `rot13` is a codec, but none of text, and `unicode_escape` makes lone surrogates in any field.
    Both end as errors of ours, deep inside forms that have nothing to do with charsets.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = request.content_params.get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8"):
            raise BadRequest(f"sent in {charset!r}, not in UTF-8")
        return self.get_response(request)


class BodyLimitMiddleware:
    """Refuse a body larger than anything the site takes in (413), before a byte of it is read.

    Django bounds what it keeps of a form in memory, but writes the files of any POST to disk, however large and whoever sends them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if content_length(request) > settings.LARGEST_BODY:
            raise RequestDataTooBig(f"a body of more than {settings.LARGEST_BODY} bytes")
        return self.get_response(request)


def content_length(request: HttpRequest) -> int:
    """How many bytes the request says it carries; Django reads no more than that, and none where it says nothing that can be read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class FinalSlashMiddleware(CommonMiddleware):
    """Leads to the path with its final slash: reads by 301, writes by 308, with which the browser sends the text once more.

    Django's own answers writes with 301 too, and the browser then asks again without the text.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in ("GET", "HEAD") and super().should_redirect_with_slash(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code == 404 and request.method not in ("GET", "HEAD") and super().should_redirect_with_slash(request):
            path = escape_leading_slashes(request.get_full_path(force_append_slash=True))
            return HttpResponsePermanentRedirect(path, preserve_request=True)
        return super().process_response(request, response)

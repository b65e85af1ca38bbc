"""Pages that belong to no app: errors."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from comments.views.compose import form_expired
from ictiger.core.fragment_requests import wants_fragment
from ictiger.core.request_log import request_id
from ictiger.pagecache.decorators import anonymize_request

RESENDABLE_VIEWS = {
    "comments:post",
    "comments:edit",
    "comments:revise",
    "comments:appeal",
}  # forms that are sent again, not lost


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same bytes for everybody: whether a page exists is no more personal than the page. Nor may a cache keep it for longer."""
    anonymize_request(request)
    response = render(request, "404.html", status=404)
    response.headers["Cache-Control"] = "no-cache"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Something failed, or the database or the cache is away. Neither takes along what somebody has typed."""
    away = _is_outage(sys.exc_info()[1])
    status = 503 if away else 500
    # Without a request: the context processors might ask for what is broken.
    typed = (
        request.POST.get("body", "") if hasattr(request, "_post") else ""
    )  # read already, or not to be read now
    again = _resend_fields(request) if typed else {}
    told = {
        "typed": typed,
        "again": again,
        "action": request.path,
        "LANGUAGE_CODE": get_language(),
        "request_id": request_id.get(),
    }
    page = render_to_string(f"{status}.html", told)
    return HttpResponse(page, status=status, headers={"Retry-After": "30"} if away else {})


def _resend_fields(request: HttpRequest) -> dict[str, str]:
    """What goes with the text when its form is sent once more as it was: the same token, the same submission.

    {} for other forms, and for a script, which has the form still.
    """
    if (
        wants_fragment(request)
        or request.resolver_match is None
        or request.resolver_match.view_name not in RESENDABLE_VIEWS
    ):
        return {}
    return {
        name: value
        for name, value in request.POST.items()
        if name in ("csrfmiddlewaretoken", "parent", "submission")
    }


def _is_outage(fault: BaseException | None) -> bool:
    """Whether something that we need on another machine cannot be reached: the database, or Redis, whose package may not be installed."""
    return (
        isinstance(fault, OperationalError | InterfaceError) or type(fault).__module__ == "redis.exceptions"
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A stale or missing form token. A comment's text comes back, with a fresh token, to be sent again."""
    if request.resolver_match.view_name in RESENDABLE_VIEWS:
        return form_expired(request, **request.resolver_match.kwargs)
    return render(request, "403_csrf.html", status=403)

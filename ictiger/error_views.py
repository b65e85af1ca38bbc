"""The error pages."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from comments.views.expired_form import form_expired
from ictiger.core.fragment_requests import wants_fragment
from ictiger.core.request_log import request_id
from ictiger.pagecache.decorators import anonymize_request

# Views whose forms can be sent again from the error page, with their text.
RESENDABLE_VIEWS = {"comments:post", "comments:edit", "comments:revise", "comments:appeal"}
RESENT_FIELDS = ("csrfmiddlewaretoken", "parent", "submission", "made_for", "shown_draft", "revision")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same bytes for every reader, like the page that is missing. Caches must revalidate it."""
    anonymize_request(request)
    response = render(request, "404.html", status=404)
    response.headers["Cache-Control"] = "no-cache"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """An exception (500), or an unreachable database or cache (503).

    The page returns the text that was typed.
    """
    is_outage = _is_outage(sys.exc_info()[1])
    status = 503 if is_outage else 500
    # Only a form that was read already is used: reading it now could fail again.
    text = request.POST.get("body", "") if hasattr(request, "_post") else ""
    context = {
        "typed": text,
        "again": _resend_fields(request) if text else {},
        "action": request.path,
        "LANGUAGE_CODE": get_language(),
        "request_id": request_id.get(),
    }
    # Rendered without the request: context processors might use what is broken.
    page = render_to_string(f"{status}.html", context)
    return HttpResponse(page, status=status, headers={"Retry-After": "30"} if is_outage else {})


def _resend_fields(request: HttpRequest) -> dict[str, str]:
    """The hidden fields with which the form can be sent again unchanged: the same token, the same submission.

    {} for other forms, and for a request of a script, whose page still has the form.
    """
    if (
        wants_fragment(request)
        or request.resolver_match is None
        or request.resolver_match.view_name not in RESENDABLE_VIEWS
    ):
        return {}
    return {name: value for name, value in request.POST.items() if name in RESENT_FIELDS}


def _is_outage(error: BaseException | None) -> bool:
    """Whether the database or Redis is unreachable.

    Redis errors are recognised by module name: the package may not be installed.
    """
    return (
        isinstance(error, OperationalError | InterfaceError) or type(error).__module__ == "redis.exceptions"
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A stale or missing CSRF token. A comment's text is returned in a form with a new token."""
    if request.resolver_match.view_name in RESENDABLE_VIEWS:
        return form_expired(request, **request.resolver_match.kwargs)
    if request.resolver_match.view_name == "account_signup" and request.user.is_authenticated:
        return redirect("accounts:verification")  # the first of two equal requests has logged this browser in
    return render(request, "403_csrf.html", status=403)

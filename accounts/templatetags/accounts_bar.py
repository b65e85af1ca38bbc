"""Tags of the account bar and the banner. Each reads the database only where its part is shown."""

from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import RequestContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.hooks import fragment_views
from accounts.verification import addresses
from ictiger.core.fragments import FragmentTemplate, compile_fragment, placeholder
from ictiger.core.languages import Language

register = template.Library()

# These pages are about the address themselves, so they have no banner above them.
PAGES_WITHOUT_BANNER = ("accounts:verification", "accounts:confirm")


@register.simple_tag(takes_context=True)
def banner_status(context: RequestContext) -> addresses.VerificationStatus | None:
    """The status of the user's address for the banner; None where no banner is shown."""
    request = context["request"]
    if _view_name(request) in PAGES_WITHOUT_BANNER:
        return None
    return addresses.verification_status(request.user)


@register.simple_tag(takes_context=True)
def return_path(context: RequestContext) -> str:
    """The path to return to after logging in or out; "" on the pages of accounts."""
    request = context["request"]
    path = _fetching_page(request) if _view_name(request) in fragment_views else request.path
    return "" if "/accounts/" in path else path


@register.simple_tag(takes_context=True)
def account_links(context: RequestContext) -> SafeString:
    """The links of the bar for a user who is logged in. Every page view needs them, so each variant is
    rendered once per process.
    """
    user, path = context["user"], return_path(context)
    # With DEBUG the template may have been edited since.
    fragment_for = _links_fragment.__wrapped__ if settings.DEBUG else _links_fragment
    values = {
        "name": escape(user.public_name),
        "return_path": escape(path),
        "csrf_token": escape(context["csrf_token"]),
    }
    html = fragment_for(Language.active(), user.is_staff, bool(path)) % values
    return mark_safe(html)  # noqa: S308  (each value is escaped)


@lru_cache(20)
def _links_fragment(_language: str, is_staff: bool, has_return_path: bool) -> FragmentTemplate:
    context = {
        "name": placeholder("name"),
        "return_path": placeholder("return_path") if has_return_path else "",
        "csrf_token": placeholder("csrf_token"),
        "is_staff": is_staff,
    }
    return compile_fragment("accounts/_links.html", context)


@register.filter
def local_time(value: datetime) -> SafeString:
    """`value` as a `<time>` with the clock time today, else with its date. A script rewrites it in the
    browser's time zone.
    """
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localdate()
    text = f"{local:%H:%M}" if is_today else date_format(local, "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>',
        value.isoformat(),
        "time" if is_today else "date",
        text,
    )


def _view_name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _fetching_page(request: HttpRequest) -> str:
    """The path of the page whose script fetched this fragment; "" without a Referer, or with one of another
    site.
    """
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # a header written by hand may hold anything
        return ""
    return referer.path if referer.netloc == request.get_host() else ""

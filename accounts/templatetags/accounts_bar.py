"""What the bar and the banner ask for, lazily: a page that shows neither pays nothing."""

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

from accounts.verification import addresses
from ictiger.core.fragments import compile_fragment, placeholder
from ictiger.core.languages import Language

register = template.Library()

FRAGMENTS = ("accounts:bar", "comments:personal_fragment")  # fetched by a page: "here" is that page
REPAIR_VIEWS = (
    "accounts:verification",
    "accounts:confirm",
)  # these pages are about the address themselves: no banner above them


@register.simple_tag(takes_context=True)
def banner_status(context: RequestContext) -> addresses.VerificationStatus | None:
    """How the reader's address stands, where a banner is to say so."""
    request = context["request"]
    if _view_name(request) in REPAIR_VIEWS:
        return None
    return addresses.verification_status(request.user)


@register.simple_tag(takes_context=True)
def current_path(context: RequestContext) -> str:
    """The path to come back to after logging in or out; "" on the account's own pages, which are no place to come back to."""
    request = context["request"]
    path = _page_of(request) if _view_name(request) in FRAGMENTS else request.path
    return "" if "/accounts/" in path else path


@register.simple_tag(takes_context=True)
def account_links(context: RequestContext) -> SafeString:
    """What the bar offers to whoever is logged in. Each of their page views asks: the template is rendered once for each kind of them."""
    user, back = context["user"], current_path(context)
    keep = _links.__wrapped__ if settings.DEBUG else _links  # a template may change under its writer's hands
    values = {"name": escape(user.public_name), "back": escape(back), "token": escape(context["csrf_token"])}
    return mark_safe(keep(Language.active(), user.is_staff, bool(back)) % values)  # noqa: S308  (each value is escaped)


@lru_cache(20)
def _links(_language: str, is_staff: bool, has_back: bool) -> str:
    slots = {
        "name": placeholder("name"),
        "back": placeholder("back") if has_back else "",
        "csrf_token": placeholder("token"),
    }
    return compile_fragment("accounts/_links.html", slots | {"is_staff": is_staff})


@register.filter
def moment(value: datetime) -> SafeString:
    """`value` as a clock time today, else with its date. The script rewrites it in the reader's own time zone."""
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


def _page_of(request: HttpRequest) -> str:
    """The path of the page whose script fetched this fragment; "" when the browser does not tell, or it is not ours."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # whoever writes headers by hand may write nonsense
        return ""
    return page.path if page.netloc == request.get_host() else ""

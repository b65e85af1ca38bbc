"""The development mailbox: every mail that would have been sent, with links to follow."""

from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from .mailbox import CapturedMail, captured_mail, captured_mails


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    return render(request, "mail/mailbox.html", {"mails": captured_mails(_folder())})


@never_cache
@require_safe
def mail_detail(request: HttpRequest, file: str, number: int) -> HttpResponse:
    return render(request, "mail/detail.html", {"mail": _mail_or_404(file, number)})


@never_cache
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # typed for views without arguments
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],  # mails carry their styles inline
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
@require_safe
def mail_html(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """The mail's HTML, for the frame on its page. Its links open in the whole window."""
    html = _mail_or_404(file, number).html
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))


def _folder() -> Path:
    return Path(getattr(settings, "EMAIL_FILE_PATH", None) or settings.VAR / "mail")


def _mail_or_404(file: str, number: int) -> CapturedMail:
    mail = captured_mail(_folder(), file, number)
    if mail is None:
        raise Http404
    return mail

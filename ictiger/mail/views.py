"""The mailbox of a trial: every mail that would have gone out, where its links can be followed."""

from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from .mailbox import CapturedMail
from .mailbox import captured_mail as find_letter
from .mailbox import captured_mails as find_letters


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    return render(request, "mail/mailbox.html", {"letters": find_letters(_folder())})


@never_cache
@require_safe
def mail_detail(request: HttpRequest, file: str, number: int) -> HttpResponse:
    return render(request, "mail/letter.html", {"letter": _mail_or_404(file, number)})


@never_cache
@xframe_options_sameorigin
@csp_replace(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],  # a mail has no other place for its style
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
@require_safe
def mail_html(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """The mail as a mail program shows it, for the frame on its page. Its links open in the whole window."""
    html = _mail_or_404(file, number).html
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))


def _folder() -> Path:
    return Path(getattr(settings, "EMAIL_FILE_PATH", None) or settings.VAR / "mail")


def _mail_or_404(file: str, number: int) -> CapturedMail:
    found = find_letter(_folder(), file, number)
    if found is None:
        raise Http404
    return found

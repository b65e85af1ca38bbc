"""Composers of mails: one small function for each purpose, registered by the app that sends it.

@composer("accounts/verification", lifetime=timedelta(days=3))
def verification(mail: Mail) -> dict | None:
    '''The template's context, made at the moment of sending; None when the mail is no longer needed.'''

The templates of "accounts/verification" are `accounts/email/verification_subject.txt`, `…_message.txt` and
`…_message.html`. The two messages extend `mail/base.txt` and `mail/base.html` and fill the same blocks:
`text`, `action` (the label of the mail's only button, shown when the context has an absolute `url`), `small`
(the small print) and `reason` (why the recipient gets this mail). An absolute `unsubscribe_url` in the
context adds the headers of one-click unsubscribing; its page must accept their POST.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from .message import LedgerMessage
from .models import Mail, one_line

ComposeFunction = Callable[[Mail], dict | None]


@dataclass(frozen=True)
class RegisteredComposer:
    compose: ComposeFunction
    lifetime: timedelta  # from `enqueue()` on; then the mail expires


registered_composers: dict[str, RegisteredComposer] = {}


def composer(purpose: str, *, lifetime: timedelta) -> Callable[[ComposeFunction], ComposeFunction]:
    """Register the decorated function for `purpose` ("app/name").

    It is called in the recipient's language.
    """

    def register(compose: ComposeFunction) -> ComposeFunction:
        registered_composers[purpose] = RegisteredComposer(compose, lifetime)
        return compose

    return register


def get_composer(purpose: str) -> RegisteredComposer:
    """The composer of a purpose. Raises LookupError when no app has registered it."""
    try:
        return registered_composers[purpose]
    except KeyError:
        raise LookupError(
            f"No composer for mail {purpose!r}: is its app's emails.py imported in AppConfig.ready()?"
        ) from None


def compose_message(mail: Mail) -> LedgerMessage | None:
    """The message in the recipient's language, or None when the mail is no longer needed."""
    with translation.override(mail.language):
        context = get_composer(mail.purpose).compose(mail)
        if context is None:
            return None
        context = {
            "language": mail.language,
            "site_name": settings.SITE_NAME,
            "SITE_URL": settings.SITE_URL,
            **context,
        }
        app, name = mail.purpose.split("/")
        template = f"{app}/email/{name}_"
        subject = one_line(_render(template + "subject.txt", context))
        text = _render(template + "message.txt", context)
        html = _render(template + "message.html", {**context, "subject": subject})
    headers = {"Message-ID": mail.message_id, **_unsubscribe_headers(context.get("unsubscribe_url", ""))}
    message = LedgerMessage(subject, text, to=[mail.recipient], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _unsubscribe_headers(url: str) -> dict[str, str]:
    """Headers for which mail programs show an unsubscribe button (RFC 2369, RFC 8058)."""
    if not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _render(name: str, context: dict) -> str:
    """Escape in HTML only: in plain text an `&` in a URL would arrive as `&amp;`."""
    template = get_template(name).template  # type: ignore[attr-defined]  # Django's own engine has one
    rendered = template.render(Context(context, autoescape=name.endswith(".html"))).strip()
    return re.sub(r"\n{3,}", "\n\n", rendered) + "\n"

"""Validation of e-mail addresses: letters of every script before the @ too (RFC 6531), and no invisible
characters.

Django's validator accepts only ASCII before the @, but control characters between quotes. Every form field
and allauth use its one instance, which `allow_international_addresses` changes when the app is ready.
"""

import re

from django.core.validators import validate_email

# Characters that a mailbox cannot have outside quotes: separators, spaces, control and invisible characters.
NOT_IN_ATOM = (
    r"\x00-\x20()<>\[\]:;,@\\\".\x7f-\xa0\xad\u1680\u180e"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
)
ATOM = rf"[^{NOT_IN_ATOM}\ud800-\udfff\U000e0000-\U000e0fff]+"
QUOTED = r'"(?:[!#-\[\]-~]|\\[\x20-\x7e])*"'
# An encoded word (RFC 2047) is refused: the e-mail package of the standard library would decode it.
MAILBOX = re.compile(rf"^(?!.*=\?)(?:{ATOM}(?:\.{ATOM})*|{QUOTED})\Z")
NO_LITERAL = re.compile(
    r"(?!)"
)  # matches nothing: no IP address in brackets instead of a domain (RFC 5321, 4.1.3)


def allow_international_addresses() -> None:
    """Make Django's validator accept international mailboxes, and refuse IP addresses and "localhost" as
    domains.
    """
    validate_email.user_regex = MAILBOX
    validate_email.literal_regex = NO_LITERAL
    validate_email.domain_allowlist = []  # by default "localhost"

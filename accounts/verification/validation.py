"""What an e-mail address may be: letters of every script in the mailbox too, as mail servers have it (RFC 6531), and nothing unseen.

Django's validator allows ASCII alone before the @, but control characters between quotes. There is one instance of it, which every form
field and allauth ask, so it is taught once, when accounts is ready.
"""

import re

from django.core.validators import validate_email

# What cannot stand in a mailbox without quotes: separators, spaces, controls, and what shows as nothing.
NOT_IN_ATOM = r"\x00-\x20()<>\[\]:;,@\\\".\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
ATOM = rf"[^{NOT_IN_ATOM}\ud800-\udfff\U000e0000-\U000e0fff]+"
QUOTED = r'"(?:[!#-\[\]-~]|\\[\x20-\x7e])*"'
# What looks like an encoded word (RFC 2047) is refused: the e-mail package of the standard library would decode it.
MAILBOX = re.compile(rf"^(?!.*=\?)(?:{ATOM}(?:\.{ATOM})*|{QUOTED})\Z")
NO_LITERAL = re.compile(r"(?!)")  # an IP number in brackets in the place of a domain (RFC 5321, 4.1.3)


def allow_international_addresses() -> None:
    """Let Django's validator take international mailboxes, but no IP numbers and no mailboxes of the mail server's own machine."""
    validate_email.user_regex = MAILBOX
    validate_email.literal_regex = NO_LITERAL
    validate_email.domain_allowlist = []  # by default "localhost"

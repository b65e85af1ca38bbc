"""What an e-mail address may be: letters of every script in the mailbox too, as mail servers have it (RFC 6531), and nothing unseen.

Django's validator allows ASCII alone before the @, but control characters between quotes. There is one instance of it, which every form
field and allauth ask, so it is taught once, when accounts is ready.
"""

import re

from django.core.validators import validate_email

# What cannot stand in a mailbox without quotes: separators, spaces, controls, and what shows as nothing.
OUTSIDE = r"\x00-\x20()<>\[\]:;,@\\\".\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
ATOM = rf"[^{OUTSIDE}\ud800-\udfff\U000e0000-\U000e0fff]+"
QUOTED = r'"(?:[!#-\[\]-~]|\\[\x20-\x7e])*"'
MAILBOX = re.compile(rf"^(?:{ATOM}(?:\.{ATOM})*|{QUOTED})\Z")


def teach_validator() -> None:
    validate_email.user_regex = MAILBOX

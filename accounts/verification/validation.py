"""Validation of e-mail addresses: letters of every script before the @ too (RFC 6531), and no invisible
characters.

Django's validator accepts only ASCII before the @, but control characters between quotes, and domains by a
table of characters that ends before today's domains. Every form field and allauth use its one instance, which
`allow_international_addresses` changes when the app is ready.
"""

from django.core.validators import validate_email

from ictiger.core.email_addresses import MAILBOX, is_mail_domain


def allow_international_addresses() -> None:
    """Make Django's validator accept international mailboxes and domains (IDNA 2008), and refuse IP addresses
    and "localhost" as domains.
    """
    validate_email.user_regex = MAILBOX
    validate_email.validate_domain_part = is_mail_domain
    validate_email.domain_allowlist = []  # by default "localhost"

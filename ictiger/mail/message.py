"""The message as it is sent, built with Python's modern e-mail package.

Django 5.2 writes an international mailbox name as an encoded word, which no server accepts. This module
writes it unchanged (RFC 6532) and leaves every other message in plain ASCII.
"""

import re
from email.header import decode_header, make_header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage as WireMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from ictiger.core.email_addresses import InvalidAddress, ascii_domain

from .headers import SenderHeader, TextHeader, UrlHeader

HEADERS = HeaderRegistry()
for _field, _header in (
    ("List-Unsubscribe", UrlHeader),
    ("Subject", TextHeader),
    ("From", SenderHeader),
):
    HEADERS.map_to_type(_field, _header)  # type: ignore[arg-type]
ASCII_WIRE = SMTP.clone(cte_type="7bit", header_factory=HEADERS)
INTERNATIONAL_WIRE = SMTPUTF8.clone(cte_type="7bit", header_factory=HEADERS)
# What may stand between < and > of an SMTP command.
DOMAIN = re.compile(r"[\w.-]+|\[[0-9a-fA-F:.]+\]|\[IPv6:[0-9a-fA-F:.]+\]", re.ASCII)
ATOMS = re.compile(r"[^\s()<>\[\]:;,@\\\"]+")
ADDRESS_OCTETS = 320  # RFC 3696: 64 for the mailbox, 255 for the domain


class NotAnAddress(ValueError):
    """The text is no address that a mail server could deliver to."""


def parsed_address(address: str) -> Address:
    """`address` as SMTP takes it: the domain in ASCII, the mailbox unchanged.

    Raises NotAnAddress for anything else. Line breaks and other control characters would end the header or
    command and begin another.
    """
    mailbox, _, domain = address.rpartition("@")
    # A domain in Persian or Sinhala may need joiners, which are not printable.
    if not mailbox.isprintable() or (domain.isascii() and not domain.isprintable()):
        raise NotAnAddress("not an address: it contains control characters")
    is_quoted = len(mailbox) > 2 and mailbox[0] == mailbox[-1] == '"'
    try:
        server = ascii_domain(domain)
    except InvalidAddress as error:
        raise NotAnAddress("not an address") from error
    if not DOMAIN.fullmatch(server) or not (is_quoted or ATOMS.fullmatch(mailbox)):
        raise NotAnAddress("not an address")
    if "=?" in mailbox:  # Python's e-mail package would decode it as an encoded word (RFC 2047), and may fail
        raise NotAnAddress("not an address: the mailbox looks like an encoded word")
    parsed = Address(username=_unquoted(mailbox) if is_quoted else mailbox, domain=server)
    if len(parsed.addr_spec.encode()) > ADDRESS_OCTETS:
        raise NotAnAddress("not an address: it is too long")
    return parsed


def _unquoted(mailbox: str) -> str:
    """`"a b"` as `a b`: Address adds quotes where they are needed."""
    return mailbox[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def sender_address(sender: str) -> Address:
    """`Name <address>`, whatever signs are in the name, quoted or not; or an address alone.

    Raises NotAnAddress.
    """
    name, bracket, rest = sender.strip().rpartition("<")
    if not bracket or not rest.endswith(">"):
        return parsed_address(sender.strip())
    address = parsed_address(rest[:-1])
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _unquoted(name)
    name = " ".join(_decoded(name).split())
    return Address(display_name=name, username=address.username, domain=address.domain)


def _decoded(name: str) -> str:
    """A name that the settings hold as encoded words, as people read it."""
    return str(make_header(decode_header(name))) if "=?" in name else name


class LedgerMessage(EmailMultiAlternatives):
    """Text and HTML to one recipient, for any Django e-mail backend. Ours sets `server_reply`."""

    server_reply = ""

    @property
    def recipient(self) -> str:
        return parsed_address(self.to[0]).addr_spec

    @property
    def is_international(self) -> bool:
        """Whether the mail server must support SMTPUTF8 (RFC 6531)."""
        return not self.recipient.isascii()

    def message(self) -> WireMessage:  # type: ignore[override]  # Django 5.2 gives it no policy
        wire = WireMessage(policy=INTERNATIONAL_WIRE if self.is_international else ASCII_WIRE)
        wire["From"] = sender_address(self.from_email or settings.DEFAULT_FROM_EMAIL)
        wire["To"] = parsed_address(self.to[0])
        wire["Subject"] = self.subject
        wire["Date"] = formatdate()
        for header, value in self.extra_headers.items():
            wire[header] = value
        wire["Auto-Submitted"] = "auto-generated"  # prevents out-of-office replies (RFC 3834)
        wire.set_content(self.body)
        for content, _mimetype in self.alternatives:
            wire.add_alternative(content, subtype="html")
        return wire

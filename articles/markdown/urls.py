"""Addresses: which may be linked, which lead to another site, how they are written in HTML."""

import html
import re

SCHEMES = {"http", "https", "mailto", "tel"}
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# As browsers read them: blanks within an address count for nothing, and a backslash is a slash.
IGNORED = re.compile(r"[\x00-\x20]+")
OTHER_SITE = re.compile(r"https?:|(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}", re.IGNORECASE)
UNSAFE = re.compile(r"[\x00-\x20\"<>`{}|\\^]")


def is_link(address: str, *, picture: bool = False) -> bool:
    """Whether the address has no scheme or one that readers may follow. A picture has none, or http(s), which
    is told apart later."""
    found = SCHEME.match(IGNORED.sub("", html.unescape(address)))
    return found is None or found[1].lower() in ({"http", "https"} if picture else SCHEMES)


def leads_elsewhere(address: str) -> bool:
    """Whether a browser would ask another site for it."""
    return OTHER_SITE.match(IGNORED.sub("", address)) is not None


def percent_encoded(address: str) -> str:
    """The address with the characters that may not stand in one encoded; Chinese stays readable."""
    return UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", address)


def own_path(address: str, site_url: str) -> str:
    """The path of an address on this site, given with the site's name; any other address as it is."""
    if site_url and (address == site_url or address.startswith((site_url + "/",))):
        return address[len(site_url) :] or "/"
    return address

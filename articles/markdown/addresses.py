"""Bare addresses in running text: http(s), www., e-mail, with Chinese before and after them (after GFM
6.9)."""

import re
from collections import Counter

from .inline import BareLink, Inline
from .urls import percent_encoded

START = r"[hH][tT][tT][pP][sS]?://|[wW]{3}\.|(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@(?=[A-Za-z0-9])"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
HOST = rf"(?:(?:{_NAME}\.)+{_NAME}|localhost)"
# Chinese belongs to an address where a sign of it stands before it (`/wiki/民法_(法律)`), and not where
# a letter does (`https://example.org/a的说明`).
PATH = rf"(?:[/?#](?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%|]|\[[\w.%-]*\]|(?<=[/=#_(\-])[{_HAN}]+)*)?"
WEB = re.compile(
    rf"(?:https?://(?:[^\s/@<>]{{1,64}}@)?{HOST}|www\.{_NAME}(?:\.{_NAME})+)(?::\d{{1,5}})?({PATH})",
    re.IGNORECASE,
)
MAIL = re.compile(rf"[A-Za-z0-9._+-]+@((?:{_NAME}\.)+{_NAME})(?![A-Za-z0-9_-])")
AT_ROOT = re.compile(rf"/[{_HAN}]")
TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]+;$")
CLOSING = {")": "(", "]": "["}


def read_address(state: Inline) -> bool:
    """An address in running text, unless it stands within a link of the author's."""
    text, start = state.text, state.position
    if state.in_link:
        return False
    before = text[start - 1 : start]
    if before.isascii() and (before.isalnum() or (before and before in "/@." and text[start] in "wW")):
        return False
    return _read_web(state, start) or _read_mail(state, start)


def _read_web(state: Inline, start: int) -> bool:
    found = WEB.match(state.text, start)
    if found is None:
        return False
    path = "/" if AT_ROOT.match(found[1]) else found[1]
    address = without_trailing_signs(state.text[start : found.start(1)] + path)
    state.pieces.append(
        BareLink(address, percent_encoded(address if "://" in address else f"http://{address}"))
    )
    state.position = start + len(address)
    return True


def _read_mail(state: Inline, start: int) -> bool:
    found = MAIL.match(state.text, start)
    if found is None or not found[0][0].isalnum():
        return False
    state.pieces.append(BareLink(found[0], f"mailto:{found[0]}"))
    state.position = found.end()
    return True


def without_trailing_signs(address: str) -> str:
    """The address without the punctuation of the sentence around it, and without brackets that it does not
    open."""
    counts = Counter(address)
    while address:
        last = address[-1]
        if last in CLOSING and counts[last] <= counts[CLOSING[last]]:
            break
        entity = TRAILING_ENTITY.search(address, max(0, len(address) - 40)) if last == ";" else None
        if last not in "?!.,:*_~'\"|()[;" and last not in CLOSING:
            break
        cut = entity.start() if entity else len(address) - 1
        counts.subtract(address[cut:])
        address = address[:cut]
    return address

"""Finds addresses of the web in plain text. Pure: no ORM, no settings."""

import re
import unicodedata

from .characters import UNSEEN_RANGES

_SCHEME = re.compile(r"https?://(?=[A-Za-z0-9])")
_AUTHORITY = re.compile(r"[A-Za-z0-9\-._~:@\[\]!$&'()*+,;=%]*")
_TRAILING_PUNCTUATION = ".,;:!?'*"
# A letter outside ASCII, where a path may go on: no space, no unseen character, and no punctuation of Latin
# or Chinese text, full-width forms included.
_LETTER = (
    rf"[^\x00-\x7f\s{UNSEEN_RANGES}\u0080-\u00bf\u2000-\u206f\u3000-\u3004\u3008-\u303f\u30fb"
    r"\ufe10-\ufe6f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ud800-\udfff]"
)
# In Chinese the sentence goes on right after an address, without a space. A letter outside ASCII belongs to
# the address only right after one of these signs, and then on to the end of its word.
_PATH = re.compile(
    rf"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]|(?<=[/=\-_(#&]){_LETTER}(?:[A-Za-z0-9:]*{_LETTER})*)*"
)
_NEXT_LETTER = re.compile(_LETTER)
# What follows a host: letters, and a dot with another letter, which would make all of it one host.
_LONGER_HOST = re.compile(rf"(?:{_LETTER}|[A-Za-z0-9\-])*\.(?:{_LETTER}|[A-Za-z0-9])")
_WHOLE_HOST = re.compile(r"(?:.*@)?[A-Za-z0-9\-.]*\.[A-Za-z]{2,}(?::[0-9]+)?")
_UNSPACED_NAMES = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")

# Endings by which a word with a dot in it is an address and no name ("J.R.R. Tolkien", "St.John").
_ENDINGS = (
    "com|net|org|info|biz|xyz|top|shop|site|online|vip|club|store|app|dev|io|cc|cn|hk|tw|ru|de|uk|eu|fr|tv|ws"
    "|ly|co|link|click|live|icu|pro|asia|mobi|example|test|invalid"
    "|公司|网络|网址|中国|集团|在线|中文网|商城|商店|网店"
)
_IN_A_NAME = re.compile(
    rf"https?:|www[.\s]|[^\W_][\w\-]*[^\W_]\.(?:{_ENDINGS})(?![\w.])|[一-鿿]\.(?:{_ENDINGS})(?![\w.])",
    re.IGNORECASE,
)
_DOTS = str.maketrans("。｡．․", "....")


def find_urls(text: str) -> list[tuple[int, str]]:
    """The http(s) URLs in `text` with the positions where they begin, without the sentence's punctuation.

    A URL whose host has letters outside ASCII is left out: cut, it would lead to a host that nobody typed.
    """
    found, end = [], 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() < end:
            continue
        authority = _AUTHORITY.match(text, scheme.end())
        end = authority.end()  # type: ignore[union-attr]  # it matches the empty string
        if text[end : end + 1] in ("/", "?", "#"):
            end = _PATH.match(text, end).end()  # type: ignore[union-attr]
        elif not _ends_here(authority[0], text, end):  # type: ignore[index]
            continue
        url = _without_punctuation(text[scheme.start() : end])
        end = scheme.start() + len(url)
        found.append((scheme.start(), url))
    return found


def has_web_address(name: str) -> bool:
    """Whether a short text like a name has an address of the web in it, with or without `https://`."""
    return bool(_IN_A_NAME.search(unicodedata.normalize("NFKC", name).translate(_DOTS)))


def _ends_here(authority: str, text: str, end: int) -> bool:
    """Whether the host ends where its ASCII characters end, rather than going on in another script."""
    following = text[end : end + 1]
    if re.match(f"[{UNSEEN_RANGES}]", following):
        return False
    if not following or following.isascii() or following.isspace():
        return True
    if not _WHOLE_HOST.fullmatch(_without_punctuation(authority)):
        return False
    if not _NEXT_LETTER.match(following):
        return True
    if authority[-1] in ".-@:_~%":
        return False
    is_unspaced = unicodedata.name(following, "").startswith(_UNSPACED_NAMES)
    return is_unspaced and not _LONGER_HOST.match(text, end)


def _without_punctuation(url: str) -> str:
    """The URL without the punctuation of the sentence. A closing bracket stays if the URL opens it."""
    while True:
        shorter = url.rstrip(_TRAILING_PUNCTUATION)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter.endswith("]") and shorter.count("]") > shorter.count("["):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter

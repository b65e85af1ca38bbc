"""What text may be stored, and addresses made from titles. Pure."""

import re
import unicodedata

# NUL breaks PostgreSQL, lone surrogates break UTF-8, control characters break XML. Tab and line ends stay.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def storable(text: str) -> str:
    """`text` without the characters that a database or a feed cannot hold."""
    return UNSTORABLE.sub("", text)


def slug_from(title: str, *, limit: int) -> str:
    """The title as an address: words joined by hyphens, Chinese kept, at most `limit` bytes of UTF-8; may be empty."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", title).lower().replace("'", "").replace("’", ""))
    return cut("-".join(words), limit)


def cut(slug: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    return slug.encode()[:limit].decode(errors="ignore").strip("-")

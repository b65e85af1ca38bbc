"""What text may be stored, and addresses made from titles. Pure."""

import re
import unicodedata


def slugify_title(title: str, *, limit: int) -> str:
    """The title as an address: words joined by hyphens, Chinese kept, at most `limit` bytes of UTF-8; may be empty."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", title).lower().replace("'", "").replace("’", ""))
    return truncate_slug("-".join(words), limit)


def truncate_slug(slug: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    return slug.encode()[:limit].decode(errors="ignore").strip("-")

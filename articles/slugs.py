"""Slugs made from titles. Pure."""

import re
import unicodedata


def slugify_title(title: str, *, limit: int) -> str:
    """The title's words, Chinese included, joined by hyphens: at most `limit` bytes of UTF-8, or ""."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", title).lower().replace("'", "").replace("’", ""))
    return truncate_slug("-".join(words), limit)


def truncate_slug(slug: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, cut between characters."""
    return slug.encode()[:limit].decode(errors="ignore").strip("-")

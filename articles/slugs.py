"""Slugs made from titles. Pure."""

import re
import unicodedata


def slugify_title(title: str, *, limit: int) -> str:
    """The title's words, Chinese included, joined by hyphens: at most `limit` bytes of UTF-8, or ""."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", title).lower().replace("'", "").replace("’", ""))
    return truncate_slug("-".join(words), limit)


def folded_slug(slug: str) -> str:
    """The form that all Unicode normal forms of a slug share, with capital letters or without."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", slug).casefold())


def slug_forms(slug: str) -> list[str]:
    """The forms in which a slug may be stored that is requested as `slug`, which comes first."""
    return list(dict.fromkeys([slug, unicodedata.normalize("NFC", slug), folded_slug(slug)]))


def redirectable_form(slug: str, *, limit: int) -> str:
    """The folded form of a slug, from which it needs a redirect.

    "" if the slug has that form itself, or if the form could not stand in an address: it has other characters
    than a slug, or more than `limit` of them.
    """
    form = folded_slug(slug)
    return form if form != slug and is_slug(form) and len(form) <= limit else ""


def is_slug(text: str) -> bool:
    """Whether the text may stand in an address as a slug: letters, digits and hyphens of any script.

    Marks count as well, since decomposed letters have them; `validate_slug` takes none, because slugs are
    stored in NFC.
    """
    return bool(text) and all(
        character in "-_" or character.isalnum() or unicodedata.category(character).startswith("M")
        for character in text
    )


def truncate_slug(slug: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, cut between characters."""
    return slug.encode()[:limit].decode(errors="ignore").strip("-")

"""Which code made a page. Every release keeps its pages apart: what the code of yesterday rendered, the code of today may not serve."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

HASHED_PATHS = ("ictiger", "accounts", "articles", "comments", "templates")
HASHED_SUFFIXES = (".py", ".html", ".xml", ".txt", ".css", ".js", ".mo", ".svg", ".json")
# Settings that pages show. A page rendered for another address or database is another release's page.
HASHED_SETTINGS = (
    "SITE_URL",
    "DEBUG",
    "TIME_ZONE",
    "LANGUAGES",
    "STATIC_URL",
    "MEDIA_URL",
    "SITE_NAME",
    "COMMENT_WORD_LIMIT",
    "REPLY_WORD_LIMIT",
)


@cache
def build_id() -> str:
    """A short name that changes with the code, the pinned dependencies and the settings that pages show."""
    digest = hashlib.sha256()
    for name in HASHED_SETTINGS:
        digest.update(f"{name}={getattr(settings, name, None)!r}\n".encode())
    database = settings.DATABASES["default"]
    digest.update(repr([str(database.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME")]).encode())
    for source in _sources(settings.BASE_DIR):
        digest.update(source.relative_to(settings.BASE_DIR).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(base: Path) -> Iterator[Path]:
    yield from (path for path in [base / "pyproject.toml"] if path.is_file())
    for folder in HASHED_PATHS:
        yield from sorted(
            path for path in (base / folder).rglob("*") if path.suffix in HASHED_SUFFIXES and path.is_file()
        )

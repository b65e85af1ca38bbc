"""The id of this release's code.

Each release stores its pages apart, so none serves a page that another rendered.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

HASHED_PATHS = ("ictiger", "accounts", "articles", "comments", "templates")
HASHED_SUFFIXES = (".py", ".html", ".xml", ".txt", ".css", ".js", ".mo", ".svg", ".json")
# Settings that pages show. A page rendered for another URL or from another database belongs to another
# release.
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
    for path in _source_files(settings.BASE_DIR):
        digest.update(path.relative_to(settings.BASE_DIR).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _source_files(base: Path) -> Iterator[Path]:
    yield from (path for path in [base / "pyproject.toml"] if path.is_file())
    for folder in HASHED_PATHS:
        files = (path for path in (base / folder).rglob("*") if path.suffix in HASHED_SUFFIXES)
        yield from sorted(path for path in files if path.is_file())

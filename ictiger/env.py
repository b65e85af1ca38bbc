"""Typed readers of environment variables. A malformed value fails with one line that names the variable.

Values that are valid but unwise are reported by `ictiger/checks.py`.
"""

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

TRUE_VALUES, FALSE_VALUES = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
# By the ENGINE that django-environ reads from a URL: the ENGINE that Django gets.
DATABASE_ENGINES = {
    "django.db.backends.sqlite3": "django.db.backends.sqlite3",
    "django.db.backends.postgresql": "ictiger.core.postgresql",
}
FILE_CACHE = "django.core.cache.backends.filebased.FileBasedCache"
# Beyond MAX_ENTRIES (300 by default) Django drops entries at random, among them the counts of wrong
# passwords.
FILE_CACHE_ENTRIES = 10_000
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


class InvalidEnvironment(ImproperlyConfigured):
    """An environment variable cannot be read. `problem` follows its name in the message."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"ICTiger cannot start: {name} {problem}")


def string(name: str, *, default: str = "") -> str:
    """The value, or `default` when it is empty or not set."""
    return env(name, default="") or default


def strings(name: str) -> list[str]:
    """The values of a list with commas; empty when it is not set."""
    return [value.strip() for value in env(name, default="").split(",") if value.strip()]


def boolean(name: str) -> bool:
    """True or False; False when it is not set.

    Raises InvalidEnvironment for anything else, like `DEBUG=flase`.
    """
    value = env(name, default="").strip().lower()
    if value not in TRUE_VALUES | FALSE_VALUES:
        raise InvalidEnvironment(name, f"is {value!r}: write 1 or 0.")
    return value in TRUE_VALUES


def integer(name: str) -> int:
    """A whole number; 0 when it is not set. Raises InvalidEnvironment for anything else."""
    value = env(name, default="").strip() or "0"
    try:
        return int(value)
    except ValueError:
        raise InvalidEnvironment(name, f"is {value!r}: write a whole number.") from None


def server_urls(name: str) -> list[str]:
    """URLs of servers in our network, with commas: `http://10.0.0.5:6081`. Empty when it is not set."""
    urls = [url.rstrip("/") for url in strings(name)]
    for url in urls:
        if not _is_server_url(url):
            raise InvalidEnvironment(
                name, f"names {url!r}: write scheme, host and port, like http://10.0.0.5:6081."
            )
    return urls


def _is_server_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:  # a port that is no number
        return False
    return (
        parts.scheme == "http" and bool(parts.hostname) and has_valid_port and not (parts.path or parts.query)
    )


def directory(name: str, *, default: Path) -> Path:
    """The absolute path of a folder. It is created if it does not exist, so that the database can be."""
    path = Path(env(name, default="").strip() or default).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidEnvironment(
            name, f"is {str(path)!r}, and there can be no such folder ({error.strerror})."
        ) from None
    return path


def time_zone(name: str, *, default: str) -> str:
    """A name in the time zone database, like `Europe/Berlin`."""
    zone = env(name, default="").strip() or default
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidEnvironment(
            name, f"is {zone!r}, which is no time zone: write for example Asia/Shanghai or Europe/Berlin."
        ) from None
    return zone


def database_settings(name: str, *, default: Path) -> dict[str, Any]:
    """Django's settings for a database URL; a SQLite file at `default` when it is not set."""
    url = env(name, default="").strip()
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": default}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is refused below
        config = _parse_url(
            name,
            environ.Env.db_url_config,
            url,
            "postgres://user:password@host/name or sqlite:////path/to/file",
        )
    if config.get("ENGINE") not in DATABASE_ENGINES or not config.get("NAME"):
        raise InvalidEnvironment(
            name, "names no SQLite or PostgreSQL database: write postgres://user:password@host/name."
        )
    return config | {"ENGINE": DATABASE_ENGINES[config["ENGINE"]]}


def cache_settings(name: str, *, default: Path) -> dict[str, Any]:
    """Django's settings for a cache URL; files below `default` when it is not set."""
    url = env(name, default="").strip()
    if not url:
        config = {"BACKEND": FILE_CACHE, "LOCATION": default}
    else:
        config = _parse_url(
            name, environ.Env.cache_url_config, url, "redis://host:6379/0 or filecache:///path/to/folder"
        )
    if config["BACKEND"] == FILE_CACHE:
        config.setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", FILE_CACHE_ENTRIES)
    return config


def mail_settings(name: str, *, default: Path) -> dict[str, Any]:
    """Django's EMAIL_ settings for a mail URL; files in `default` when it is not set.

    SMTP uses our own backend.
    """
    url = env(name, default="").strip()
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": default,
        }
    scheme = url.partition(":")[0]
    if scheme == "smtps":
        raise InvalidEnvironment(
            name,
            "begins with smtps, which is read in two ways: "
            "write smtp+ssl:// (port 465) or smtp+tls:// (port 587).",
        )
    example = "smtp+tls://user:password@host:587 or filemail:///path/to/folder"
    config = _parse_url(name, environ.Env.email_url_config, url, example)
    if scheme in MAIL_PORTS:
        if not config["EMAIL_HOST"]:
            raise InvalidEnvironment(name, f"names no mail server: write {example}.")
        config |= {
            "EMAIL_BACKEND": "ictiger.mail.backend.EmailBackend",
            "EMAIL_PORT": config["EMAIL_PORT"] or MAIL_PORTS[scheme],
        }
    elif scheme == "filemail":
        config["EMAIL_FILE_PATH"] = f"/{config['EMAIL_FILE_PATH']}"
    return config


def _parse_url(name: str, reader: Any, url: str, example: str) -> dict[str, Any]:
    """`reader(url)`. An error does not repeat the value: it may contain a password."""
    try:
        return reader(url)
    except (ImproperlyConfigured, ValueError, KeyError, IndexError, AttributeError):
        raise InvalidEnvironment(name, f"cannot be read: write for example {example}.") from None

"""Typed readers of the environment. A value that cannot be meant fails with one line that names it and says what would be right.

What can be read but is unwise is told by `ictiger/checks.py`.
"""

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

YES, NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
# What may be named, and what stands for it in Django's settings.
DATABASES = {
    "django.db.backends.sqlite3": "django.db.backends.sqlite3",
    "django.db.backends.postgresql": "ictiger.core.postgresql",
}
FILE_CACHE = "django.core.cache.backends.filebased.FileBasedCache"
FILE_CACHE_ENTRIES = 10_000  # Beyond Django's own 300 it throws entries out at random, and with them the count of wrong passwords.
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


class InvalidEnvironment(ImproperlyConfigured):
    """One variable of the environment cannot be read."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"ICTiger cannot start: {name} {what}")


def boolean(name: str) -> bool:
    """On or off; off when it is not set. Anything else is an error: `DEBUG=flase` must not mean something."""
    value = env(name, default="").strip().lower()
    if value not in YES | NO:
        raise InvalidEnvironment(name, f"is {value!r}: write 1 or 0.")
    return value in YES


def integer(name: str) -> int:
    """A whole number; 0 when it is not set."""
    value = env(name, default="").strip() or "0"
    try:
        return int(value)
    except ValueError:
        raise InvalidEnvironment(name, f"is {value!r}: write a whole number.") from None


def server_urls(name: str) -> list[str]:
    """Addresses of servers within the house, with commas: `http://10.0.0.5:6081`. None when it is not set."""
    given = [address.strip().rstrip("/") for address in env(name, default="").split(",") if address.strip()]
    for address in given:
        try:
            parts = urlsplit(address)
            right = (
                parts.scheme == "http"
                and parts.hostname
                and (parts.port is None or parts.port)
                and not (parts.path or parts.query)
            )
        except ValueError:  # a port that is no number
            right = False
        if not right:
            raise InvalidEnvironment(
                name, f"names {address!r}: write scheme, host and port, like http://10.0.0.5:6081."
            )
    return given


def directory(name: str, *, default: Path) -> Path:
    """An absolute path. The folder is made when it is not there, so that the first command finds a place for the database."""
    path = Path(env(name, default="").strip() or default).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidEnvironment(
            name, f"is {str(path)!r}, and there can be no such folder ({error.strerror})."
        ) from None
    return path


def time_zone(name: str, *, default: str) -> str:
    """A name of the time zone database, like `Europe/Berlin`."""
    zone = env(name, default="").strip() or default
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidEnvironment(
            name, f"is {zone!r}, which is no time zone: write for example Asia/Shanghai or Europe/Berlin."
        ) from None
    return zone


def database_settings(name: str, *, default: Path) -> dict[str, Any]:
    """Django's settings of the database, a SQLite file at `default` when it is not set."""
    url = env(name, default="").strip()
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": default}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of, we refuse
        config = _parse_url(
            name,
            environ.Env.db_url_config,
            url,
            "postgres://user:password@host/name or sqlite:////path/to/file",
        )
    if config.get("ENGINE") not in DATABASES or not config.get("NAME"):
        raise InvalidEnvironment(
            name, "names no SQLite or PostgreSQL database: write postgres://user:password@host/name."
        )
    return config | {"ENGINE": DATABASES[config["ENGINE"]]}


def cache_settings(name: str, *, default: Path) -> dict[str, Any]:
    """Django's settings of the cache, files below `default` when it is not set."""
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
    """Django's EMAIL_ settings, files in `default` when it is not set. SMTP goes through our own backend."""
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
            "begins with smtps, which is read in two ways: write smtp+ssl:// (port 465) or smtp+tls:// (port 587).",
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
    """`reader(url)`. The value itself is not repeated in the error: it may hold a password."""
    try:
        return reader(url)
    except (ImproperlyConfigured, ValueError, KeyError, IndexError, AttributeError):
        raise InvalidEnvironment(name, f"cannot be read: write for example {example}.") from None

"""System checks that explain a wrong setting and what to do about it.

Errors stop every command; warnings are shown. Checks that matter only in production run with `check
--deploy`, and with `serve`, which refuses to start while any of them fails.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email.utils import parseaddr
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from ictiger.core.languages import Language
from ictiger.mail.message import NotAnAddress, parsed_address

SECRET_CHARACTERS = 50
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1", "testserver"}
KEY_HINT = (
    "Put the output of this into SECRET_KEY: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
)
DATABASE_HINT = "Leave it empty for SQLite in ICTIGER_VAR, or write postgres://user:password@host:5432/name."
OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING (https://sqlite.org/lang_returning.html)
UNDELIVERING_BACKENDS = ("console", "filebased", "locmem", "dummy")


@register(Tags.security)
def check_secret_key(app_configs, **kwargs) -> Iterator[CheckMessage]:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if not key:
        yield Error(
            "SECRET_KEY is not set: sessions and links could not be signed.",
            hint=KEY_HINT,
            id="ictiger.E001",
        )
    elif len(key) < SECRET_CHARACTERS:
        yield Warning(
            f"SECRET_KEY has {len(key)} characters; fewer than {SECRET_CHARACTERS} can be guessed.",
            hint=KEY_HINT,
            id="ictiger.W002",
        )


@register(Tags.security)
def check_hosts(app_configs, **kwargs) -> Iterator[CheckMessage]:
    public = [
        host
        for host in settings.ALLOWED_HOSTS
        if host.lower() not in LOOPBACK and not host.endswith(".localhost")
    ]
    if settings.DEBUG and public:
        yield Error(
            f"DEBUG is on and ALLOWED_HOSTS names {', '.join(public)}: every visitor would be shown the "
            "house's insides.",
            hint="Set DEBUG=0, or leave only 127.0.0.1 and localhost in ALLOWED_HOSTS.",
            id="ictiger.E003",
        )
    if not settings.DEBUG and not settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS is empty and DEBUG is off: every request would be refused.",
            hint="Name the hosts that readers use, with commas: ALLOWED_HOSTS=example.org,www.example.org",
            id="ictiger.W004",
        )


@register
def check_site_url(app_configs, **kwargs) -> Iterator[CheckMessage]:
    hint = "Write scheme and host, nothing behind them: SITE_URL=https://example.org"
    url = _split(settings.SITE_URL)
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        yield Error(
            f"SITE_URL is {settings.SITE_URL!r}: links in mails and feeds would lead nowhere.",
            hint=hint,
            id="ictiger.E005",
        )
    elif url.path or url.query or url.fragment or url.username:
        yield Error(
            f"SITE_URL is {settings.SITE_URL!r}: ICTiger lives at the root of its host.",
            hint=hint,
            id="ictiger.E006",
        )


def _split(url: str) -> SplitResult | None:
    """The parts of `url`, or None when it is malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    return parts


@register(deploy=True)
def check_site_url_is_allowed(app_configs, **kwargs) -> Iterator[CheckMessage]:
    url = _split(settings.SITE_URL)
    if (
        url
        and url.hostname
        and settings.ALLOWED_HOSTS
        and not validate_host(url.hostname, settings.ALLOWED_HOSTS)
    ):
        yield Warning(
            f"ALLOWED_HOSTS does not contain {url.hostname}, the host of SITE_URL: the "
            "house's own links would be refused.",
            hint=f"Add {url.hostname} to ALLOWED_HOSTS.",
            id="ictiger.W007",
        )


@register
def check_database(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if not settings.DATABASES["default"].get("NAME"):
        yield Error("DATABASE_URL names no database.", hint=DATABASE_HINT, id="ictiger.E008")
    if find_spec("psycopg") is not None and find_spec("psycopg2") is not None:
        yield Error(
            "psycopg 3 is installed beside psycopg2: Django would use it silently, and ICTiger is tested "
            "with psycopg2.",
            hint="Uninstall it: uv pip uninstall psycopg",
            id="ictiger.E009",
        )


@register
def check_sqlite(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return
    hint = (
        "Use a newer Python, which brings a newer SQLite, or PostgreSQL: "
        "DATABASE_URL=postgres://user:password@host:5432/name."
    )
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        yield Error(
            f"SQLite is {sqlite3.sqlite_version}, and ICTiger needs {needed} or later: an older one does "
            "not tell the keys of new rows.",
            hint=hint,
            id="ictiger.E020",
        )
    elif not _sqlite_has_fts5():
        yield Error(
            "This SQLite has no FTS5, with which ICTiger searches its articles.", hint=hint, id="ictiger.E021"
        )


def _sqlite_has_fts5() -> bool:
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE entries USING fts5 (entry)")
        except sqlite3.OperationalError:
            return False
    return True


@register
def check_languages(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if Language.choices != settings.LANGUAGES:
        yield Error(
            "LANGUAGES differs from the languages of ictiger/core/languages.py, which the database knows.",
            hint="Change both, and add a migration: makemigrations.",
            id="ictiger.E022",
        )


@register
def check_cache(app_configs, **kwargs) -> Iterator[CheckMessage]:
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.endswith(("LocMemCache", "DummyCache")):
        yield Error(
            "CACHE_URL names a cache that processes do not share: limits on log-ins and mails would not "
            "hold.",
            hint="Leave CACHE_URL empty for files in ICTIGER_VAR, or write redis://host:6379/0.",
            id="ictiger.E010",
        )
    if backend.endswith("RedisCache") and find_spec("redis") is None:
        yield Error(
            "CACHE_URL names Redis, and the package redis is not installed.",
            hint="Install it: uv pip install redis",
            id="ictiger.E011",
        )


@register(deploy=True)
def check_mail_is_delivered(app_configs, **kwargs) -> Iterator[CheckMessage]:
    kind = settings.EMAIL_BACKEND.split(".")[-2]
    if not settings.DEBUG and kind in UNDELIVERING_BACKENDS:
        yield Warning(
            f"Mail is not delivered (the {kind} backend): nobody could confirm an address or reset a "
            "password.",
            hint="Name your mail server: EMAIL_URL=smtp+tls://user:password@mail.example.org:587",
            id="ictiger.W012",
        )


@register
def check_sender(app_configs, **kwargs) -> Iterator[CheckMessage]:
    try:
        parsed_address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    except NotAnAddress:
        yield Error(
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}, which is no address: no mail could be "
            "sent.",
            hint='Write it like this: DEFAULT_FROM_EMAIL="ICTiger <no-reply@example.org>"',
            id="ictiger.E013",
        )


@register(deploy=True)
def check_sender_is_not_the_example(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(".example"):
        yield Warning(
            "DEFAULT_FROM_EMAIL is still the "
            "example's: mail servers refuse a sender whose domain does not exist.",
            hint='Name an address of your own: DEFAULT_FROM_EMAIL="ICTiger <no-reply@example.org>"',
            id="ictiger.W014",
        )


@register
def check_page_store(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if settings.PAGE_STORE != "off" and not os.path.isabs(settings.PAGE_STORE):
        yield Error(
            f"PAGE_STORE is {settings.PAGE_STORE!r}: server, worker and commands could each mean another "
            "folder by it and leave old pages.",
            hint="Write the whole path, the same for all of them: PAGE_STORE=/srv/ictiger/pages. Or off.",
            id="ictiger.E015",
        )


@register
def check_page_caches(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if settings.PAGE_CACHES and settings.PAGE_STORE != "off":
        yield Warning(
            "PAGE_STORE and PAGE_CACHES are both set: pages are kept as files on this machine, and the "
            "caches are told of no change.",
            hint="One machine: leave PAGE_CACHES empty. Several: set PAGE_STORE=off, for a store knows "
            "nothing of other machines' writes.",
            id="ictiger.W019",
        )


@register
def check_proxies(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if settings.TRUSTED_PROXY_COUNT < 0:
        yield Error(
            f"TRUSTED_PROXY_COUNT is {settings.TRUSTED_PROXY_COUNT}.",
            hint="Write how many proxies of yours stand in front of ICTiger: 0 for none, 1 for nginx alone.",
            id="ictiger.E016",
        )


@register(deploy=True)
def check_https_has_a_proxy(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if settings.HTTPS and settings.TRUSTED_PROXY_COUNT == 0:
        yield Warning(
            "SITE_URL is https and TRUSTED_PROXY_COUNT is 0: ICTiger does not end TLS itself. "
            "It would redirect every request to itself, and count all readers as one client.",
            hint="Put nginx or another proxy in front, which sets X-Forwarded-Proto and X-Forwarded-For, "
            "and write TRUSTED_PROXY_COUNT=1.",
            id="ictiger.W017",
        )


@register
def check_var(app_configs, **kwargs) -> Iterator[CheckMessage]:
    if not os.access(settings.VAR, os.W_OK | os.X_OK):
        yield Error(
            f"ICTIGER_VAR: {settings.VAR} cannot be written to; database, pictures and cache live there.",
            hint="Give it to the user that runs ICTiger, or let ICTIGER_VAR name another folder.",
            id="ictiger.E018",
        )

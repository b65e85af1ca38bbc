"""Throw-away sites for benchmarks, drills and tests: environment, database and free ports.

No other site is touched.
"""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2
from django.core.management.base import CommandError
from psycopg2 import sql

BENCH_HOST = "bench.example.org"  # a request's Host; the server itself listens on 127.0.0.1
BENCH_VARIABLE = "ICTIGER_BENCH"  # set in a benchmark's site; its value is the folder for reports
DRILL_HOST = "drill.example.org"
DRILL_VARIABLE = "ICTIGER_DRILL"  # set in a drill's site
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "TZ")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def site_environment(folder: str, host: str, **variables: str) -> dict[str, str]:
    """Return the environment of a production site behind one proxy, with all its files below `folder`.

    The database is SQLite, and nothing listens where its mail goes, unless `variables` says otherwise.
    """
    inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
    production = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": host,
        "SITE_URL": f"https://{host}",
        "ICTIGER_VAR": folder,
        "DATABASE_URL": "",
        "CACHE_URL": "",
        "PAGE_STORE": f"{folder}/pages",
        "DEBUG": "",
        "TRUSTED_PROXY_COUNT": "1",
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "DEFAULT_FROM_EMAIL": f"ICTiger <no-reply@{host}>",
    }
    return inherited | production | variables


@contextmanager
def temporary_site(host: str, database: str, **variables: str) -> Iterator[dict[str, str]]:
    """Yield the environment of an empty site, and delete its folder and database afterwards.

    `database` is as for `temporary_database()`. Nothing is migrated yet.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ictiger-site-") as folder,
        temporary_database(database) as database_url,
    ):
        yield site_environment(folder, host, DATABASE_URL=database_url, **variables)


@contextmanager
def temporary_database(database: str, *, template: str = "template1") -> Iterator[str]:
    """Yield the URL of a new database on the PostgreSQL server of `database`, and drop it afterwards.

    The new database is a copy of `template`, a database on that server. The role in `database` must be
    allowed to create databases. Yields "" (SQLite in the site's folder) for "", "sqlite" or an SQLite URL.
    Raises CommandError when there is no such server.
    """
    if database.partition(":")[0] in ("", "sqlite"):
        yield ""
        return
    name = f"ictiger_temporary_{secrets.token_hex(6)}"
    _execute(database, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield urlsplit(database)._replace(path=f"/{name}").geturl()
    finally:
        _execute(database, "DROP DATABASE {} WITH (FORCE)", name)


def is_postgresql(database: str) -> bool:
    return database.startswith(("postgres:", "postgresql:"))


def _execute(database: str, statement: str, *names: str) -> None:
    """Run a statement outside any transaction, as CREATE DATABASE and DROP DATABASE need it."""
    try:
        connection = psycopg2.connect(database)
    except psycopg2.Error as error:
        raise CommandError(f"--database: no such PostgreSQL server ({error})") from error
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()

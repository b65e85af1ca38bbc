"""A site of its own for a measurement: folder, database, secrets. Nothing of the site around it is read or written."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

BENCH_HOST = (
    "bench.example.org"  # the name that the throw-away site answers to; its server listens on 127.0.0.1
)
BENCH_VARIABLE = "ICTIGER_BENCH"  # set in the environment of such a site; its value is the folder for reports


@contextmanager
def temporary_site(database: str, reports: Path) -> Iterator[dict[str, str]]:
    """The environment of a site that has nothing yet and is gone in the end.

    `database` is like DATABASE_URL, of a PostgreSQL server where this role may make databases; "" for SQLite.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ictiger-bench-") as folder,
        temporary_database(database) as address,
    ):
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        yield inherited | {
            BENCH_VARIABLE: str(reports),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": BENCH_HOST,
            "SITE_URL": f"https://{BENCH_HOST}",
            "ICTIGER_VAR": folder,
            "DATABASE_URL": address,
            "CACHE_URL": "",
            "PAGE_STORE": f"{folder}/pages",
            "DEBUG": "",
            "TRUSTED_PROXY_COUNT": "1",
            "EMAIL_URL": f"smtp+tls://127.0.0.1:{free_port()}",
            "DEFAULT_FROM_EMAIL": f"ICTiger <no-reply@{BENCH_HOST}>",
        }


@contextmanager
def temporary_database(database: str, *, like: str = "template1") -> Iterator[str]:
    """The address of a database on the same server, new or a copy of the database `like`, dropped in the end."""
    if not is_postgresql(database):
        yield ""
        return
    name = f"ictiger_bench_{secrets.token_hex(4)}"
    _run_admin_sql(database, "CREATE DATABASE {} TEMPLATE {}", name, like)
    try:
        yield urlsplit(database)._replace(path=f"/{name}").geturl()
    finally:
        _run_admin_sql(database, "DROP DATABASE {} WITH (FORCE)", name)


def is_postgresql(database: str) -> bool:
    return database.startswith(("postgres:", "postgresql:"))


def _run_admin_sql(database: str, statement: str, *names: str) -> None:
    connection = psycopg2.connect(database)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

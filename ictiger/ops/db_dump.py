"""Dumping and loading the database while it is in use: SQLite by its backup API, PostgreSQL by pg_dump and
psql.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

LOCK_WAIT = 30  # seconds


class DumpError(RuntimeError):
    """The database could not be dumped or loaded; the message is the database's."""


def database_kind() -> str:
    return connection.vendor


def dump_database(target: Path) -> None:
    """Write a consistent snapshot of the database. Raises DumpError."""
    connections.close_all()
    if database_kind() == "sqlite":
        with closing(_sqlite()) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            (check_result,) = copy.execute("PRAGMA integrity_check").fetchone()
        if check_result != "ok":
            raise DumpError(f"the copy is not sound: {check_result}")
    else:
        _run_tool("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def load_database(source: Path, statements: Sequence[str]) -> None:
    """Replace the database by a dump and run the SQL `statements` on it, in one transaction.

    Raises DumpError.
    """
    connections.close_all()
    if database_kind() == "sqlite":
        _load_sqlite(source, statements)
    else:
        _load_postgresql(source, statements)


def _load_sqlite(source: Path, statements: Sequence[str]) -> None:
    try:
        with closing(sqlite3.connect(source)) as copy:
            for statement in statements:
                copy.execute(statement)
            copy.commit()
            with closing(_sqlite()) as target:
                copy.backup(target)
    except sqlite3.Error as error:
        raise DumpError(str(error)) from None


def _sqlite() -> sqlite3.Connection:
    return sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=LOCK_WAIT)


def _load_postgresql(source: Path, statements: Sequence[str]) -> None:
    script = source.with_suffix(".sql")
    begin = (
        f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_WAIT}s';\n"
        "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
    )
    _run_tool(
        "pg_restore", "--no-owner", "--no-acl", f"--file={script}.part", str(source), with_database=False
    )
    with script.open("wb") as whole, Path(f"{script}.part").open("rb") as part:
        whole.write(begin.encode())
        shutil.copyfileobj(part, whole)
        whole.write(";\n".join(["SET search_path = public", *statements, "COMMIT"]).encode() + b";\n")
    _run_tool(
        "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--file={script}"
    )


def _run_tool(program: str, *arguments: str, with_database: bool = True) -> None:
    """Run one of PostgreSQL's client programs, by default on the site's database. Raises DumpError."""
    if shutil.which(program) is None:
        raise DumpError(
            f"{program} is missing: install PostgreSQL's client programs (on Debian: postgresql-client)."
        )
    command, environ = connection.client.settings_to_cmd_args_env(connection.settings_dict, list(arguments))
    command = [program, *command[1:]] if with_database else [program, *arguments]
    done = subprocess.run(
        command, env=os.environ | (environ or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DumpError(f"{program}: {done.stderr.strip()}")

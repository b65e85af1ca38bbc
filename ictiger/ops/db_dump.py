"""The whole database into a file and back, while others use it: SQLite by its backup interface, PostgreSQL by pg_dump and psql."""

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
    """It could not be read or written; the database's own words."""


def database_kind() -> str:
    return connection.vendor


def dump_database(target: Path) -> None:
    """Write the database as it is at one moment."""
    connections.close_all()
    if database_kind() == "sqlite":
        with closing(_sqlite()) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise DumpError(f"the copy is not sound: {verdict}")
    else:
        _run_tool("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def load_database(source: Path, then: Sequence[str]) -> None:
    """Put what `dump` wrote in the database's place and run the statements `then`: all of it, or nothing."""
    connections.close_all()
    if database_kind() == "sqlite":
        _load_sqlite(source, then)
    else:
        _load_postgresql(source, then)


def _load_sqlite(source: Path, then: Sequence[str]) -> None:
    try:
        with closing(sqlite3.connect(source)) as copy:
            for statement in then:
                copy.execute(statement)
            copy.commit()
            with closing(_sqlite()) as target:
                copy.backup(target)
    except sqlite3.Error as error:
        raise DumpError(str(error)) from None


def _sqlite() -> sqlite3.Connection:
    return sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=LOCK_WAIT)


def _load_postgresql(source: Path, then: Sequence[str]) -> None:
    script = source.with_suffix(".sql")
    begin = f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_WAIT}s';\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
    _run_tool(
        "pg_restore", "--no-owner", "--no-acl", f"--file={script}.part", str(source), with_database=False
    )
    with script.open("wb") as whole, Path(f"{script}.part").open("rb") as part:
        whole.write(begin.encode())
        shutil.copyfileobj(part, whole)
        whole.write(";\n".join(["SET search_path = public", *then, "COMMIT"]).encode() + b";\n")
    _run_tool(
        "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--file={script}"
    )


def _run_tool(program: str, *arguments: str, with_database: bool = True) -> None:
    """Run one of PostgreSQL's programs on our database."""
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

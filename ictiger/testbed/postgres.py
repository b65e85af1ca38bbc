"""A PostgreSQL server that a drill may stop and start."""

import os
import shutil
import subprocess
from glob import glob
from pathlib import Path

from .site import free_port

OWNER = "postgres"  # the server refuses to run as root
FOLDER_VARIABLE, PORT_VARIABLE = "ICTIGER_DRILL_POSTGRES", "ICTIGER_DRILL_POSTGRES_PORT"


def postgres_binaries() -> str | None:
    """Return the folder of `initdb` and `pg_ctl`, which distributions do not put on the path; None without
    them.
    """
    pg_ctl = shutil.which("pg_ctl") or max(glob("/usr/lib/postgresql/*/bin/pg_ctl"), default=None)
    return pg_ctl and os.path.dirname(pg_ctl)


class PostgresServer:
    """A database server with its data in a folder. Another process gets at it by `from_environment()`."""

    def __init__(self, folder: str, port: int) -> None:
        self.folder, self.port = folder, port

    @classmethod
    def create(cls, folder: str) -> "PostgresServer":
        """Make an empty database cluster in a new folder, and start its server."""
        Path(folder).mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
        server = cls(folder, free_port())
        server._run("initdb", "-D", folder, "-U", "ictiger", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        server.start()
        return server

    @classmethod
    def from_environment(cls) -> "PostgresServer":
        """Return the server that the drill's parent process started."""
        return cls(os.environ[FOLDER_VARIABLE], int(os.environ[PORT_VARIABLE]))

    @property
    def environment(self) -> dict[str, str]:
        return {
            FOLDER_VARIABLE: self.folder,
            PORT_VARIABLE: str(self.port),
            "DATABASE_URL": f"postgres://ictiger@127.0.0.1:{self.port}/postgres",
        }

    def start(self) -> None:
        """Return when it accepts connections."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "-D", self.folder, "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop at once, like a crash: transactions in progress are cut off."""
        self._run("pg_ctl", "-D", self.folder, "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        process_user = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([f"{postgres_binaries()}/{program}", *arguments], check=True, **quiet, **process_user)

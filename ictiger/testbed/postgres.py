"""A PostgreSQL server of a drill's own, to be stopped and started."""

import os
import shutil
import subprocess
from glob import glob
from pathlib import Path

from ictiger.testbed.drills.site import free_port

OWNER = "postgres"  # root may not run the server
FOLDER, PORT = "ICTIGER_DRILL_POSTGRES", "ICTIGER_DRILL_POSTGRES_PORT"


def postgres_binaries() -> str | None:
    """The folder with `initdb` and `pg_ctl`; distributions do not put them on the path."""
    found = shutil.which("pg_ctl") or max(glob("/usr/lib/postgresql/*/bin/pg_ctl"), default=None)
    return found and os.path.dirname(found)


class PostgresServer:
    """One server with its data in a folder. Another process may take it over by `known()`."""

    def __init__(self, folder: str, port: int) -> None:
        self.folder, self.port = folder, port

    @classmethod
    def made(cls, folder: str) -> "PostgresServer":
        """A new, empty and running server."""
        Path(folder).mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
        made = cls(folder, free_port())
        made._run("initdb", "-D", folder, "-U", "ictiger", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        made.start()
        return made

    @classmethod
    def known(cls) -> "PostgresServer":
        """The one that whoever began the drill has made."""
        return cls(os.environ[FOLDER], int(os.environ[PORT]))

    @property
    def environment(self) -> dict[str, str]:
        return {
            FOLDER: self.folder,
            PORT: str(self.port),
            "DATABASE_URL": f"postgres://ictiger@127.0.0.1:{self.port}/postgres",
        }

    def start(self) -> None:
        """Returns when it takes connections."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "-D", self.folder, "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, like a crash: whatever is under way is cut."""
        self._run("pg_ctl", "-D", self.folder, "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        as_owner = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([f"{postgres_binaries()}/{program}", *arguments], check=True, **quiet, **as_owner)

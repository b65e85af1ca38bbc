"""The sites that are measured beside each other: made for it, or copies of sites that were made before."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from ictiger.testbed.processes import ServerInfo, running_server
from ictiger.testbed.site import is_postgresql, temporary_database

DATABASE = "ictiger.sqlite3"  # in the folder of a site on SQLite


@dataclass
class BenchSite:
    """A made site: the environment that its processes have, and what `prepare` told of it."""

    environment: dict[str, str]
    told: dict
    name: str
    servers: list[ServerInfo] = field(default_factory=list)

    @contextmanager
    def serving(self, *options: str, **variables: str) -> Iterator[ServerInfo]:
        with running_server(*options, environment=self.environment | variables) as server:
            yield server


@contextmanager
def bench_sites(which: str, posts: int, tell: Callable[[str], None]) -> Iterator[list[BenchSite]]:
    """Those that are named between commas, each in one of the ways of `made_site`."""
    with ExitStack() as stack:
        sites = [
            stack.enter_context(bench_site(one, number, posts, tell))
            for number, one in enumerate(which.split(","), start=1)
        ]
        if len({site.name for site in sites}) < len(sites):
            for number, site in enumerate(sites, start=1):
                site.name = f"{site.name} ({number})"
        yield sites


@contextmanager
def bench_site(which: str, number: int, posts: int, tell: Callable[[str], None]) -> Iterator[BenchSite]:
    """`which`: a number of articles, for which a site is made; or the folder (on PostgreSQL the address) of one, of which a copy is taken.

    A copy, because comments are posted to it: what was made can be measured again and again.
    """
    folder = Path(settings.VAR) / f"site-{number}"
    folder.mkdir()
    (folder / "static").symlink_to(settings.STATIC_ROOT)  # collected once for all
    articles = which if which.isdecimal() else "0"
    tell(
        f"making {int(which):,} articles and ten comments for each …"
        if which.isdecimal()
        else f"taking a copy of {which} …"
    )
    with _database(which, folder) as address:
        environment = os.environ | {
            "ICTIGER_VAR": str(folder),
            "PAGE_STORE": str(folder / "pages"),
            "DATABASE_URL": address,
        }
        command = [
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            "bench",
            "prepare",
            f"--articles={articles}",
            f"--posts={posts}",
        ]
        told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
        told = json.loads(told)
        yield BenchSite(environment, told, name=f"{told['articles']:,}")


@contextmanager
def _database(which: str, folder: Path) -> Iterator[str]:
    if is_postgresql(which):
        with temporary_database(which, like=urlsplit(which).path.strip("/")) as address:
            yield address
    elif which.isdecimal():
        with temporary_database(os.environ.get("DATABASE_URL", "")) as address:
            yield address
    else:
        # Where the file system can, no byte is copied before it changes.
        subprocess.run(["cp", "--reflink=auto", Path(which) / DATABASE, folder / DATABASE], check=True)  # noqa: S607
        yield ""

"""The sites that are measured side by side: newly made, copied from existing ones, or made by another
checkout.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError

from ictiger.testbed.processes import Checkout, WebServer, running_server, this_checkout
from ictiger.testbed.site import is_postgresql, temporary_database

from .post_load import PreparedPost

DATABASE = "ictiger.sqlite3"  # in the folder of a site on SQLite
BASELINE_OPTION = {
    "default": None,
    "metavar": "FOLDER",
    "help": "Another checkout of the project (with its own .venv, if it has one), to be measured in turns "
    "with this one.",
}
Log = Callable[[str], None]


@dataclass
class BenchSite:
    """A site with its data: the environment of its processes, and what `bench prepare` printed about it."""

    environment: dict[str, str]
    prepared: dict
    name: str
    checkout: Checkout
    servers: list[WebServer] = field(default_factory=list)

    def prepared_posts(self) -> Iterator[PreparedPost]:
        """Return the comments that are ready to be posted; each can be posted once."""
        requests = json.loads(Path(self.prepared["forms"]).read_text(encoding="utf-8"))
        return (PreparedPost(None, request.encode()) for request in requests)

    @contextmanager
    def serving(self, *options: str, **variables: str) -> Iterator[WebServer]:
        environment = self.environment | variables
        with running_server(*options, environment=environment, checkout=self.checkout) as server:
            yield server


@contextmanager
def bench_sites(
    specs: str, posts: int, log: Log, *, baseline: str | None = None
) -> Iterator[list[BenchSite]]:
    """Yield a site for each of the comma-separated `specs`, as `bench_site()` makes them.

    With the folder of a `baseline` there is one spec and two sites: this checkout's, then the baseline's.
    Raises CommandError when there are several specs with a baseline.
    """
    if baseline and "," in specs:
        raise CommandError("--baseline compares two checkouts on one site each: give --sites one value.")
    checkouts = [this_checkout(), *([Checkout.at(baseline)] if baseline else [])]
    pairs = [(spec, checkout) for spec in specs.split(",") for checkout in checkouts]
    with ExitStack() as stack:
        sites = [
            stack.enter_context(bench_site(spec, number, posts, log, checkout))
            for number, (spec, checkout) in enumerate(pairs, start=1)
        ]
        if len({site.name for site in sites}) < len(sites):
            labels = ("this", "baseline") if baseline else range(1, len(sites) + 1)
            for label, site in zip(labels, sites, strict=True):
                site.name = f"{site.name} ({label})"
        yield sites


@contextmanager
def bench_site(spec: str, number: int, posts: int, log: Log, checkout: Checkout) -> Iterator[BenchSite]:
    """Make or copy a site and prepare it, both with the checkout's own `bench prepare`.

    `spec` is a number of articles for a new site; or the folder (on PostgreSQL the URL) of a site to copy. It
    is copied because comments are posted to it, and the original is to be measured again.
    """
    articles = spec if spec.isdecimal() else "0"
    making = f"making {int(spec):,} articles and ten comments for each …" if spec.isdecimal() else ""
    log(making or f"taking a copy of {spec} …")
    with new_environment(spec, number, checkout) as environment:
        command = checkout.command("bench", "prepare", f"--articles={articles}", f"--posts={posts}")
        output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
        prepared = json.loads(output)
        yield BenchSite(environment, prepared, f"{prepared['articles']:,}", checkout)


@contextmanager
def new_environment(spec: str, number: int, checkout: Checkout) -> Iterator[dict[str, str]]:
    """Yield the environment of site `number`, with a folder and a database that are deleted afterwards."""
    folder = Path(settings.VAR) / f"site-{number}"
    folder.mkdir()
    if checkout == this_checkout() and settings.STATIC_ROOT.exists():
        (folder / "static").symlink_to(settings.STATIC_ROOT)  # collected once for all sites of this checkout
    with _database(spec, folder) as database_url:
        yield os.environ | {
            "ICTIGER_VAR": str(folder),
            "PAGE_STORE": str(folder / "pages"),
            "DATABASE_URL": database_url,
        }


@contextmanager
def _database(spec: str, folder: Path) -> Iterator[str]:
    if is_postgresql(spec):
        with temporary_database(spec, template=urlsplit(spec).path.strip("/")) as database_url:
            yield database_url
    elif spec.isdecimal():
        with temporary_database(os.environ.get("DATABASE_URL", "")) as database_url:
            yield database_url
    else:
        # Where the file system can, no byte is copied before it changes.
        copy = ["cp", "--reflink=auto", Path(spec) / DATABASE, folder / DATABASE]
        subprocess.run(copy, check=True)
        yield ""

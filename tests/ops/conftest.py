"""One site behind nginx for all tests of this folder.

They are skipped with a reason where there is no nginx; with ICTIGER_NGINX_REQUIRED=1 (CI) its absence is a
failure.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ictiger.testbed import nginx as nginx_runner
from ictiger.testbed.site import free_port

from .site import Site, is_ready, wait_for

SAMPLE_CONTENT = """
import random
from tests import factories
from articles.demo.load import article_files
from ictiger.testbed.data.discussions import make_discussion
from ictiger.testbed.data.readers import make_people
from ictiger.testbed.data.texts import remarks
from ictiger.pagecache.public_write import public_write
topic, author = factories.make_topic("patents"), factories.make_author("lin")
for language in ("en", "zh-hans"):
    factories.make_publication(language)
article = factories.make_article("claims", topics=[topic], authors=[author])
factories.make_article("翻" * 80, language="zh-hans", topics=[topic])
factories.make_page("about")
factories.make_user("reader@example.org")
longest = max((body for front, body in article_files() if front["language"] == "en"), key=len)
long = factories.make_article("long", body=longest, topics=[topic], authors=[author])
bodies = [remark.body for remark in remarks("en", random.Random(1))]
make_discussion(long, make_people(20), threads=50, replies=3, text=lambda chance, most: chance.choice(bodies))
"""


@pytest.fixture(scope="session")
def require_nginx() -> None:
    if not nginx_runner.is_installed():
        (pytest.fail if os.environ.get("ICTIGER_NGINX_REQUIRED") == "1" else pytest.skip)(
            "no nginx on this machine"
        )


class Front(NamedTuple):
    """A site with nginx in front on `port`, and a second server without nginx on `direct_port`."""

    port: int
    direct_port: int
    site: Site
    live: Path
    pages: Path
    nginx: nginx_runner.Nginx


@pytest.fixture(scope="session")
def populated_site(tmp_path_factory) -> Site:
    """A site with a few articles; no server runs."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.manage("migrate", "--verbosity=0")
    site.python(SAMPLE_CONTENT)
    return site


@pytest.fixture
def site(populated_site: Site, tmp_path: Path) -> Site:
    """A copy of the populated site for one test."""
    shutil.copytree(
        populated_site.var, tmp_path / "var", ignore=shutil.ignore_patterns("pages", "*.log", "live")
    )
    return Site(tmp_path / "var")


@pytest.fixture
def live() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="live-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def front(require_nginx, populated_site: Site) -> Iterator[Front]:
    direct_port, port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="live-") as live,
        populated_site.serving(f"--live={live}") as server,
        populated_site.serving(f"--port={direct_port}"),
        nginx_runner.running_nginx(site_file(populated_site, Path(live), port), port=port) as nginx,
    ):
        wait_for(lambda: is_ready(direct_port) and is_ready(port), server=server)
        yield Front(port, direct_port, populated_site, Path(live), Path(live) / "current" / "pages", nginx)


def site_file(site: Site, live: Path, port: int, *options: str) -> str:
    """Return what `deploy nginx` prints, without TLS and with limits that tests do not reach."""
    address = ["--no-tls", "--listen=127.0.0.1", f"--http-port={port}"]
    limits = ["--writes=1000", "--writes-burst=1000", "--logins=1000", "--logins-burst=1000"]
    return site.manage("deploy", "nginx", f"--live={live}", *address, *limits, *options).stdout

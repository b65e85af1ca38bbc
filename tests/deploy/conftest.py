"""One site behind nginx for all tests here. Where there is no nginx they are skipped, saying so; with ICTIGER_NGINX_REQUIRED=1 (CI) its
absence is a failure.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ictiger.deploy import trial

from .site import Site, is_ready, wait_for

FURNITURE = """
from tests import factories
from ictiger.delivery.change import change
topic, author = factories.make_topic("patents"), factories.make_author("lin")
for language in ("en", "zh-hans"):
    factories.make_publication(language)
article = factories.make_article("claims", topics=[topic], authors=[author])
factories.make_article("翻" * 80, language="zh-hans", topics=[topic])
factories.make_page("about")
factories.make_user("reader@example.org")
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    wanting = [item for item in items if here in item.path.parents and "front" in getattr(item, "fixturenames", ())]
    if not trial.is_there() and os.environ.get("ICTIGER_NGINX_REQUIRED") != "1":
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no nginx on this machine"))


class Front(NamedTuple):
    """A site with nginx before it: `port` is nginx's, `behind` that of `serve`."""

    port: int
    behind: int
    site: Site
    pages: Path
    nginx: trial.Nginx


@pytest.fixture(scope="session")
def furnished(tmp_path_factory) -> Site:
    """A site with a few articles; nothing runs."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.manage("migrate", "--verbosity=0")
    site.python(FURNITURE)
    return site


@pytest.fixture(scope="session")
def front(furnished: Site) -> Iterator[Front]:
    behind, port = trial.free_port(), trial.free_port()
    with furnished.served(f"--port={behind}") as server:
        wait_for(lambda: is_ready(behind), alive=server)
        pages = Path(furnished.manage("pages", "path").stdout.strip())
        listening = ["--no-tls", "--listen=127.0.0.1", f"--http-port={port}"]
        limits = ["--writes=1000", "--writes-burst=1000", "--logins=1000", "--logins-burst=1000"]
        conf = furnished.manage("deploy", "nginx", f"--app=127.0.0.1:{behind}", f"--pages={pages}", *listening, *limits).stdout
        with trial.running(conf, port=port) as nginx:
            yield Front(port, behind, furnished, pages, nginx)

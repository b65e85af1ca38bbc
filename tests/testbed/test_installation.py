"""The testbed is an app of the dev group: without it the site works and has no `bench` and `drill`."""

import subprocess
import sys
from pathlib import Path

import pytest

from ictiger.testbed.site import DRILL_HOST, site_environment

ROOT = Path(__file__).parent.parent.parent
PRODUCTION_SETTINGS = """
from ictiger.settings import *
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "ictiger.testbed"]
"""


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The environment of a site whose settings lack the app."""
    (tmp_path / "production_settings.py").write_text(PRODUCTION_SETTINGS)
    settings = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "production_settings"}
    return site_environment(str(tmp_path), DRILL_HOST, **settings)


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_commands_of_the_testbed_are_there_with_the_dev_group_only(
    production: dict[str, str], tmp_path: Path
):
    with_testbed = site_environment(str(tmp_path), DRILL_HOST)
    assert {"bench", "drill"} <= set(manage("help", "--commands", environment=with_testbed).stdout.split())
    commands = manage("help", "--commands", environment=production).stdout.split()
    assert "serve" in commands
    assert not {"bench", "drill"} & set(commands)


def test_site_without_the_testbed_passes_all_checks(production: dict[str, str]):
    done = manage("check", "--deploy", "--fail-level=WARNING", environment=production)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout

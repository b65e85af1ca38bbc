"""The systemd units: each starts an existing command, and systemd-analyze accepts it where it is
installed.
"""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

UNITS = Path(__file__).parent.parent.parent / "ictiger" / "ops" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXEC_START = re.compile(r"^ExecStart=(\S+/\.venv/bin/python) manage\.py (.+)$", re.MULTILINE)
MAX_EXPOSURE = 20  # in tenths, on systemd's scale from 0 (closed) to 10

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine"
)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_unit_starts_a_command_that_exists(unit):
    _program, command = EXEC_START.search(unit.read_text()).groups()
    name, *arguments = command.split()
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.parse_args(arguments)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_unit_runs_in_the_folder_of_its_release(unit):
    text = unit.read_text()
    parsed = configparser.RawConfigParser(strict=False)
    parsed.optionxform = str
    parsed.read_string(text)
    assert EXEC_START.search(text)[1] == f"{parsed['Service']['WorkingDirectory']}/.venv/bin/python"
    assert parsed["Service"]["EnvironmentFile"] == "/etc/ictiger.env"


@pytest.fixture
def units(tmp_path) -> Path:
    """The units of one release, with a program that exists on this machine."""
    for unit in UNITS.iterdir():
        text = re.sub(r"/srv/ictiger/\S+/bin/python", "/bin/true", unit.read_text())
        (tmp_path / unit.name.replace("@.", "@v1.")).write_text(text)
    return tmp_path


@needs_systemd
def test_systemd_accepts_the_units(units):
    names = sorted(path.name for path in units.iterdir())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        cwd=units,
        capture_output=True,
        text=True,
        check=False,
    )
    messages = [line for line in done.stderr.splitlines() if "ictiger" in line]
    assert (done.returncode, messages) == (0, [])


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_unit_is_sandboxed(units, unit):
    file = units / unit.name.replace("@.", "@v1.")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr

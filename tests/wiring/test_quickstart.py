"""The first command of README in a process and a folder of its own."""

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def environment(var: Path) -> dict[str, str]:
    """A newcomer's environment: of our variables only ICTIGER_VAR is set."""
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return inherited | {"ICTIGER_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def quickstart(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "quickstart", "--no-server", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(var), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def var(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("quickstart") / "var"


@pytest.fixture(scope="module")
def first(var: Path) -> subprocess.CompletedProcess[str]:
    return quickstart(var, "--password", "tiger-in-the-reeds")


def test_first_start_prints_addresses_and_log_ins(first):
    assert first.returncode == 0, first.stderr
    assert "http://127.0.0.1:8000/" in first.stdout
    assert "http://127.0.0.1:8000/mailbox/" in first.stdout
    for name in ("editor", "moderator", "author", "reader", "newcomer"):
        assert f"{name}@ictiger.example" in first.stdout
    assert "tiger-in-the-reeds" in first.stdout


def test_its_settings_are_for_the_owner_alone(first, var: Path):
    assert stat.S_IMODE((var / "quickstart.env").stat().st_mode) == 0o600


def test_second_start_keeps_the_password_and_says_so(first, var: Path):
    second = quickstart(var, "--password", "another-password")
    assert second.returncode == 0, second.stderr
    assert "keep the password of the first start" in second.stdout
    assert "tiger-in-the-reeds" in second.stdout


def test_a_password_that_opens_nothing_is_not_printed(first, var: Path):
    """The accounts are older than the settings: these were lost, and are made anew."""
    settings = (var / "quickstart.env").read_text()
    try:
        (var / "quickstart.env").unlink()
        later = quickstart(var, "--password", "another-password")
    finally:
        (var / "quickstart.env").write_text(settings)
    assert later.returncode == 0, later.stderr
    assert "another-password" not in later.stdout
    assert "with the passwords they had" in later.stdout


def test_password_and_key_are_random_unless_given(tmp_path: Path):
    made = []
    for name in ("a", "b"):
        quickstart(tmp_path / name, "--help")  # the settings come before anything else
        lines = (tmp_path / name / "quickstart.env").read_text().splitlines()
        made.append(dict(line.split("=", 1) for line in lines))
    for secret in ("SECRET_KEY", "QUICKSTART_PASSWORD"):
        assert made[0][secret] != made[1][secret]
    assert len(made[0]["QUICKSTART_PASSWORD"]) >= 12


def test_server_answers_until_it_is_stopped(first, var: Path, free_port: int):
    command = [sys.executable, "manage.py", "quickstart", "--port", str(free_port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(var), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert any("Stop with Ctrl-C" in line for line in server.stdout)
            with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=30) as answer:
                page = answer.read().decode()
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=20) == 0
    assert "ICTiger" in page
    assert '<html lang="en"' in page


def test_busy_port_is_named_before_anything_is_made(tmp_path: Path, free_port: int):
    with socket.create_server(("127.0.0.1", free_port)):
        command = [sys.executable, "manage.py", "quickstart", "--port", str(free_port)]
        run = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode != 0
    assert f"Port {free_port} cannot be used" in run.stderr
    assert not (tmp_path / "ictiger.sqlite3").exists()

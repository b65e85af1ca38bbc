"""A short run of the mail drill: real sign-ups, a mail server that fails, workers that are killed."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SIGN_UPS = 60
REFUSED = "refused for good by the server, and shown so"


def test_mail_drill_loses_no_mail(tmp_path):
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "ICTIGER_VAR": str(tmp_path)
    }
    plan = [
        f"--sign-ups={SIGN_UPS}",
        "--workers=1",
        "--power-cuts=1",
        "--slow=1",
        "--down=0",
        "--limit=120",
        "--end-leases",
    ]
    drill = subprocess.run(
        [sys.executable, "manage.py", "drill", "mail", *plan],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert drill.returncode == 0, drill.stderr
    figures = dict(re.findall(r"^(.+): (\d+)", drill.stdout, re.MULTILINE))
    asked_for, delivered, refused = (int(figures[name]) for name in ("mails asked for", "delivered", REFUSED))
    assert asked_for == SIGN_UPS
    assert refused == 2
    assert delivered == SIGN_UPS - refused
    assert int(figures["lost"]) == 0
    assert int(figures["delivered twice"]) == 1, (
        "the one that the worker was killed over, after the server had taken it"
    )
    for trouble in ("greylisted", "dropped in DATA", "slow", "1 power cut"):
        assert trouble in drill.stdout

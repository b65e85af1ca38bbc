"""Settings for `manage.py quickstart`: written to `var/quickstart.env` on the first start, and read on later
ones.

Other commands do not read that file by themselves. On the same data, run them as
`uv run --env-file var/quickstart.env manage.py …`. This module is imported before Django is set up.
"""

import os
import secrets
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000


def var_dir() -> Path:
    return Path(os.environ.get("ICTIGER_VAR") or BASE_DIR / "var").resolve()


def settings_file() -> Path:
    return var_dir() / "quickstart.env"


def provide_settings() -> None:
    """Put quickstart's settings into the environment.

    They take precedence over a `.env` beside manage.py, which may name a production database. Variables that
    the caller's environment sets (DATABASE_URL, for instance) stay.
    """
    for name, value in (_read() or _create()).items():
        os.environ.setdefault(name, value)
    os.environ["DEBUG"] = "on"
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{_command_line_value('--port') or DEFAULT_PORT}")


def demo_password() -> str:
    """The password of all demo log-ins."""
    return os.environ["QUICKSTART_PASSWORD"]


def _create() -> dict[str, str]:
    var = var_dir()
    settings = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "QUICKSTART_PASSWORD": _command_line_value("--password") or secrets.token_urlsafe(9),
        "DEBUG": "on",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "ICTIGER_VAR": str(var),
        "DATABASE_URL": f"sqlite:///{var / 'ictiger.sqlite3'}",
        "CACHE_URL": f"filecache://{var / 'cache'}",
        "EMAIL_URL": f"filemail://{var / 'mail'}",
        "PAGE_STORE": "off",
    }
    var.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    return settings


def _read() -> dict[str, str]:
    try:
        lines = settings_file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _command_line_value(name: str) -> str:
    """The value of `--name value` or `--name=value` on the command line.

    Settings are needed before argparse runs.
    """
    for argument, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if argument == name:
            return following
        if argument.startswith(name + "="):
            return argument.split("=", 1)[1]
    return ""

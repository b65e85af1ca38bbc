"""Settings for `manage.py quickstart`: made on the first start, kept in `var/quickstart.env`, found again on the next.

Nothing else reads that file by itself: other commands on the same data run as `uv run --env-file var/quickstart.env manage.py …`.
Imported before Django is set up.
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

    They win over a `.env` beside manage.py, which may speak of a production database; what the caller's own environment says
    (DATABASE_URL, say) stays.
    """
    for name, value in (_read() or _create()).items():
        os.environ.setdefault(name, value)
    os.environ["DEBUG"] = "on"
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{_argument('--port') or DEFAULT_PORT}")


def demo_password() -> str:
    """The one password of the demo log-ins."""
    return os.environ["QUICKSTART_PASSWORD"]


def _create() -> dict[str, str]:
    var = var_dir()
    settings = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "QUICKSTART_PASSWORD": _argument("--password") or secrets.token_urlsafe(9),
        "DEBUG": "on",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "ICTIGER_VAR": str(var),
        "DATABASE_URL": f"sqlite:///{var / 'ictiger.sqlite3'}",
        "CACHE_URL": f"filecache://{var / 'cache'}",
        "EMAIL_URL": f"filemail://{var / 'mail'}",
        "PAGE_STORE": "off",
    }
    var.mkdir(parents=True, exist_ok=True)
    with os.fdopen(
        os.open(settings_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    return settings


def _read() -> dict[str, str]:
    try:
        lines = settings_file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _argument(name: str) -> str:
    """The value of `--name value` or `--name=value` on the command line; argparse comes only after the settings."""
    for given, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if given == name:
            return following
        if given.startswith(name + "="):
            return given.split("=", 1)[1]
    return ""

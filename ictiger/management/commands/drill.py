"""`manage.py drill mail`: what the queue does when everything fails at once, with figures."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from importlib.util import find_spec

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

INSIDE = "ICTIGER_DRILL"  # set in the environment that a drill makes for itself: it never touches the site's data

NUMBERS = ("sign_ups", "workers", "power_cuts", "slow", "down", "limit")


class Command(BaseCommand):
    help = "Drills the mail queue in a throw-away site: a burst of sign-ups, a mail server that fails in every way, power cuts."
    requires_system_checks = []  # the site that is drilled is made here; nothing of the site around it is used

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["mail"])
        parser.add_argument("--sign-ups", type=int, default=1_000)
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--power-cuts", type=int, default=5, help="SIGKILL to all workers, right after the server said yes.")
        parser.add_argument("--slow", type=float, default=30, help="Seconds that the slow answers take.")
        parser.add_argument("--down", type=float, default=10, help="Seconds without a mail server after the last sign-up.")
        parser.add_argument("--limit", type=float, default=400, help="Seconds after the server's return at which the drill gives up.")
        parser.add_argument("--database", default="", help="Like DATABASE_URL, of an empty database. Default: SQLite.")
        parser.add_argument("--end-leases", action="store_true", help="End pauses and dead leases by hand: quicker, and not how it is.")

    def handle(self, *, what: str, database: str, **options) -> None:
        if find_spec("aiosmtpd") is None:
            raise CommandError("The drill needs aiosmtpd, a mail server for tests: uv run --group dev manage.py drill mail")
        if os.environ.get(INSIDE):
            self._inside(**options)
        else:
            arguments = [f"--{name.replace('_', '-')}={options[name]}" for name in NUMBERS] + ["--end-leases"] * options["end_leases"]
            self._in_a_site_of_its_own(database, [what, *arguments])

    def _in_a_site_of_its_own(self, database: str, arguments: list[str]) -> None:
        with tempfile.TemporaryDirectory(prefix="ictiger-drill-") as folder:
            environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
                INSIDE: "1",
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "127.0.0.1",
                "SITE_URL": "http://127.0.0.1",
                "ICTIGER_VAR": folder,
                "DATABASE_URL": database,
                "CACHE_URL": "",
                "PAGE_STORE": "off",
                "DEBUG": "",
                "TRUSTED_PROXY_COUNT": "",
                "EMAIL_URL": f"smtp://127.0.0.1:{_free_port()}",
            }
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "drill", *arguments]
            code = subprocess.call(command, env=environment)  # noqa: S603 (this very command)
        if code:
            sys.exit(code)

    def _inside(self, *, end_leases: bool, **options) -> None:
        from ictiger.management.drills import mail  # here: what it needs is not installed in production

        call_command("migrate", verbosity=0)
        plan = mail.Plan(**{name: options[name] for name in NUMBERS}, ends_leases=end_leases)
        outcome = mail.run(plan, lambda words: self.stderr.write(words))
        self._report(outcome)
        if outcome.lost or outcome.asked_for != plan.sign_ups:
            raise CommandError("Mails are missing.")
        if outcome.duplicated > outcome.misbehaved["workers killed"]:
            raise CommandError("More mails were delivered twice than workers were killed over one.")

    def _report(self, outcome) -> None:
        troubles = ", ".join(f"{number} {trouble}" for trouble, number in sorted(outcome.misbehaved.items()))
        lines = {
            "mails asked for": outcome.asked_for,
            "delivered": outcome.delivered,
            "refused for good by the server, and shown so": outcome.refused,
            "lost": outcome.lost,
            "delivered twice": outcome.duplicated,
            "sign-ups answered, half of them within": f"{outcome.sign_ups[len(outcome.sign_ups) // 2]:.2f} s",
            "sign-ups answered, the slowest within": f"{outcome.sign_ups[-1]:.2f} s",
            "95 % delivered after the server's return": f"{outcome.nearly_all_after:.0f} s",
            "all delivered after the server's return": f"{outcome.all_after:.0f} s",
            "what the server and the power did": troubles,
        }
        for name, value in lines.items():
            self.stdout.write(f"{name}: {value}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""`manage.py drill …`: failures and load on a throw-away site, with figures.

Each drill is a module of testbed.drills.
"""

import logging
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from ictiger.testbed import postgres
from ictiger.testbed.drills import (
    database_outage,
    freshness,
    full_disk,
    mail_outage,
    process_kill,
    thundering_herd,
)
from ictiger.testbed.processes import this_checkout
from ictiger.testbed.site import DRILL_HOST, DRILL_VARIABLE, temporary_site

THROUGH = {"choices": ["wrapper", "nginx"], "default": "wrapper", "help": "What serves the stored pages."}
SECONDS = {"type": float, "default": 60}
LOAD = {
    "--writers": {"type": int, "default": 4},
    "--readers": {"type": int, "default": 8},
    "--pause": {
        "type": float,
        "default": 1.0,
        "help": "Seconds between two writes of one writer, on the average.",
    },
    "--through": THROUGH,
}

# Help and arguments of each drill; the arguments are the fields of its plan.
DRILLS: dict[str, tuple[str, dict[str, dict]]] = {
    "mail": (
        "The queue: a burst of sign-ups, a mail server that fails in every way, power cuts.",
        {
            "--sign-ups": {"type": int, "default": 1_000},
            "--workers": {"type": int, "default": 2},
            "--power-cuts": {
                "type": int,
                "default": 5,
                "help": "SIGKILL to all workers, right after the server said yes.",
            },
            "--slow": {"type": float, "default": 30, "help": "Seconds that the slow answers take."},
            "--down": {
                "type": float,
                "default": 10,
                "help": "Seconds without a mail server after the last sign-up.",
            },
            "--limit": {
                "type": float,
                "default": 400,
                "help": "Seconds after the server's return at which the drill gives up.",
            },
            "--end-leases": {
                "action": "store_true",
                "help": "End pauses and dead leases by hand: quicker, and not how it is.",
            },
        },
    ),
    "freshness": (
        "The page store: writers and readers, and nobody may get a page older than a write that was "
        "answered before they asked.",
        {"--seconds": SECONDS, **LOAD},
    ),
    "kill": (
        "The same, while processes are killed at random instants: nobody may get an older page "
        "from two seconds afterwards.",
        {"--kills": {"type": int, "default": 50}, **LOAD},
    ),
    "crowd": (
        "One render at a time: a crowd asks for one cold page at the same moment.",
        {"--readers": {"type": int, "default": 200}},
    ),
    "outlive": (
        "Readers outlive us: the database is stopped and comes back, without worker and mail server. "
        "Brings its own PostgreSQL server.",
        {
            "--through": THROUGH,
            "--threads": {
                "type": int,
                "default": None,
                "help": "Of each server process (default: as the server has it).",
            },
        },
    ),
    "disk": (
        "A full disk: pages are served all the same, and stored again when there is room. "
        "Root alone may mount the small disk it takes.",
        {"--through": THROUGH},
    ),
}

# The function of each drill, and the class of its plan.
RUNS = {
    "mail": (mail_outage.drill_mail, mail_outage.MailPlan),
    "freshness": (freshness.drill_freshness, freshness.FreshnessPlan),
    "kill": (process_kill.drill_kill, process_kill.KillPlan),
    "crowd": (thundering_herd.drill_herd, thundering_herd.HerdPlan),
    "outlive": (database_outage.drill_outage, database_outage.OutagePlan),
    "disk": (full_disk.drill_full_disk, full_disk.FullDiskPlan),
}


DRILL_ENVIRONMENT = {
    DRILL_VARIABLE: "1",
    "COMMENTS_AT_A_TIME": "1000000",  # a few accounts write as much as many would
    "COMMENTS_IN_AN_HOUR": "1000000",
}


class Command(BaseCommand):
    help = (
        "Puts the house under strain in a throw-away site, and says in figures how it stood. "
        "The site's own data is not touched."
    )
    requires_system_checks = []  # the settings of this site are not used for the drill's

    def add_arguments(self, parser: ArgumentParser) -> None:
        drills = parser.add_subparsers(dest="drill", required=True)
        for name, (description, arguments) in DRILLS.items():
            drill = drills.add_parser(name, help=description, description=description)
            for argument, meaning in arguments.items():
                drill.add_argument(argument, **meaning)
            drill.add_argument(
                "--database",
                default="",
                help="A PostgreSQL server like in DATABASE_URL, for a database of the drill's own. "
                "Default: SQLite.",
            )

    def handle(self, *, drill: str, database: str, **options) -> None:
        if os.environ.get(DRILL_VARIABLE):
            self._run_drill(drill, options)
        else:
            with temporary_site(DRILL_HOST, database, **DRILL_ENVIRONMENT) as environment:
                command = this_checkout().command(*sys.argv[1:])
                with (
                    self._postgres_server(environment) if drill == "outlive" else nullcontext({}) as variables
                ):
                    exit_code = subprocess.call(command, env=environment | variables)
            if exit_code:
                sys.exit(exit_code)

    @contextmanager
    def _postgres_server(self, environment: dict[str, str]) -> Iterator[dict[str, str]]:
        """Run a database server that the drill may stop, and yield the variables that lead to it."""
        if postgres.postgres_binaries() is None:
            raise CommandError(
                "The drill needs PostgreSQL's own programs (initdb, pg_ctl), which are not on this machine."
            )
        os.chmod(environment["ICTIGER_VAR"], 0o711)  # noqa: S103 (another user runs the database server)
        server = postgres.PostgresServer.create(f"{environment['ICTIGER_VAR']}/postgres")
        try:
            yield server.environment
        finally:
            server.stop()

    def _run_drill(self, name: str, options: dict) -> None:
        run, plan_class = RUNS[name]
        logging.getLogger("ictiger").setLevel(logging.WARNING)  # do not log each request
        call_command("migrate", verbosity=0)
        plan = plan_class(**{field.name: options[field.name] for field in fields(plan_class)})
        failure = run(plan, self.stderr.write, self._report)
        if failure:
            raise CommandError(failure)

    def _report(self, name: str, figure: object) -> None:
        self.stdout.write(f"{name}: {figure}")

"""`manage.py quickstart`: data, demo articles, worker and server on 127.0.0.1."""

import signal
import socket
import threading
from argparse import ArgumentParser
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.servers import basehttp

from accounts.demo import load_people
from articles.demo.load import load_publication
from comments.demo import load_discussions
from ictiger.quickstart import DEFAULT_PORT, demo_password, settings_file
from ictiger.worker import run_worker

WORKER_STOP_TIMEOUT = 10  # seconds

# The purpose of each demo log-in.
ROLES = {
    "editor": "publishes",
    "moderator": "decides about comments",
    "deputy": "a second moderator: decides about appeals",
    "author": "writes drafts",
    "reader": "verified, comments",
    "newcomer": "not verified: sees the banner",
}


class Command(BaseCommand):
    help = (
        "Create var/, migrate, load the demo publication and serve it with a worker on 127.0.0.1. "
        "May be run again at any time."
    )
    requires_system_checks = []  # a development server; `check` and `serve` check the environment

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)
        parser.add_argument("--password", help="of the demo log-ins, on the first start (default: random)")
        parser.add_argument("--no-server", action="store_true", help="only make the data")

    def handle(self, *, port: int, password: str | None, no_server: bool, **options) -> None:
        if not no_server:
            refuse_busy_port(port)
        call_command("migrate", verbosity=0)
        people = load_people(password=demo_password())
        if load_publication(author_login=people["author"]):
            load_discussions(people)
            self.stdout.write("The demo publication is in place.")
        elif password and password != demo_password():
            self.stdout.write("The demo log-ins keep the password of the first start.")
        # Checking one password stands for all: each takes a second.
        password_fits = people["editor"].check_password(demo_password())
        if no_server:
            self.print_summary(port, password_fits)
        else:
            serve_demo(port, when_listening=lambda: self.print_summary(port, password_fits))

    def print_summary(self, port: int, password_fits: bool) -> None:
        """`password_fits`: whether the settings' password is that of the accounts, which may be older."""
        site = f"http://127.0.0.1:{port}"
        width = max(map(len, ROLES))
        if password_fits:
            key = f"all with the password  {self.style.SUCCESS(demo_password())}"
        else:
            command = f"uv run --env-file {settings_file()} manage.py changepassword ADDRESS"
            key = f"with the passwords they had; a new one: {command}"
        people = "\n".join(
            f"    {name + '@ictiger.example':<{width + 16}}  {purpose}" for name, purpose in ROLES.items()
        )
        self.stdout.write(
            f"""
  Read      {site}/   {site}/zh-hans/
  Desk      {site}/admin/
  Mail      {site}/mailbox/   (kept in {settings.EMAIL_FILE_PATH})

  Log-ins, {key}
{people}

  Other commands on this data: uv run --env-file {settings_file()} manage.py …
  Stop with Ctrl-C.
"""
        )
        self.stdout.flush()  # for pipes and files, which are buffered


def refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {port} cannot be used ({error}). Choose another: quickstart --port {port + 1}"
            ) from error


def serve_demo(port: int, *, when_listening: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    The worker gets a moment to finish; what it has not begun waits in the database.
    """
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(stop,), name="worker", daemon=True)
    worker.start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        application = basehttp.get_internal_wsgi_application()
        basehttp.run("127.0.0.1", port, application, threading=True, on_bind=lambda _port: when_listening())
    except KeyboardInterrupt:
        pass
    finally:
        for repeated in (signal.SIGINT, signal.SIGTERM):  # uv passes on what the terminal has sent us already
            signal.signal(repeated, signal.SIG_IGN)
        stop.set()
        worker.join(timeout=WORKER_STOP_TIMEOUT)

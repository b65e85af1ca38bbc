"""`manage.py worker`: sends mail and runs jobs until SIGTERM."""

import signal
import sys
import threading

from django.core.management.base import BaseCommand

from ictiger.worker import run_worker


class Command(BaseCommand):
    help = (
        "Sends mail and runs jobs. Start as many as you like. "
        "SIGTERM: ends what is under way and begins nothing new; again: at once."
    )

    def handle(self, **options) -> None:
        stop = threading.Event()

        def end(signum: int, frame: object) -> None:
            if stop.is_set():
                sys.exit(1)
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.stdout.write("Worker started.")
        run_worker(stop)
        self.stdout.write("Worker stopped.")

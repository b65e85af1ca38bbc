"""The mail drill: a burst of sign-ups while the mail server is down, then a server that fails in many ways,
and power cuts.

Everything is real: the sign-up page, the rows, worker processes, SMTP over a socket, SIGKILL. Only passwords
are hashed cheaply, because the drill is about mail. It runs on a throw-away site (see the command `drill`).
"""

import asyncio
import itertools
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone

from ictiger.mail.models import UNSETTLED, Mail, MailState
from ictiger.testbed.processes import this_checkout
from ictiger.testbed.site import DRILL_HOST

from . import Log, Report

DOMAIN = "drill.example"
SIGN_UP_PASSWORD = "paper tigers do not crouch"  # noqa: S105 (of people who do not exist)
THREADS = 8  # concurrent sign-ups
CHEAP_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class MailPlan:
    sign_ups: int
    workers: int
    power_cuts: int
    slow: float  # seconds that the slow answers take
    down: float  # seconds without a mail server after the last sign-up
    limit: float  # seconds after the server's return at which the drill gives up
    end_leases: bool  # end the leases of killed workers by hand instead of waiting for them


@dataclass
class Outcome:
    asked_for: int
    delivered: int
    duplicated: int
    refused: int
    sign_ups: list[float]  # seconds of each, in ascending order
    nearly_all_after: float  # seconds from the server's return to the delivery of 95 % of the mails
    all_after: float
    misbehaved: Counter = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        return self.asked_for - self.delivered - self.refused


class MailServer:
    """A mail server that fails: for each address in a way that follows from its number, the first time."""

    def __init__(self, plan: MailPlan, cut_power: Callable[[], None]) -> None:
        self.plan = plan
        self.cut_power = cut_power
        self.deliveries: list[tuple[str, float]] = []  # (address, monotonic time)
        self.attempts: Counter = Counter()
        self.misbehaved: Counter = Counter()
        self.cuts_at = {plan.sign_ups * cut // (plan.power_cuts + 1) for cut in range(1, plan.power_cuts + 1)}

    # The names are aiosmtpd's.
    async def handle_RCPT(self, server, session, envelope, address: str, options) -> str:  # noqa: N802
        number = address_number(address)
        if number % 10 == 1 and self._first("greylisted", address):
            return "451 4.7.1 greylisted, come again"
        if number % 50 == 2:
            self.misbehaved["refused"] += 1
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        number = address_number(address)
        if number % 20 == 3 and self._first("dropped in DATA", address):
            server.transport.abort()
            return "421 gone"
        if number % 500 == 4 and self._first("slow", address):
            await asyncio.sleep(self.plan.slow)
        self.deliveries.append((address, time.monotonic()))
        if (
            len(self.deliveries) in self.cuts_at
        ):  # between the server's reply and the worker's update of the row
            self.misbehaved["power cuts"] += 1
            self.misbehaved["workers killed"] += self.plan.workers
            self.cut_power()
        return "250 2.0.0 taken"

    def _first(self, failure: str, address: str) -> bool:
        self.attempts[failure, address] += 1
        is_first = self.attempts[failure, address] == 1
        self.misbehaved[failure] += is_first
        return is_first


class Workers:
    """The site's worker processes, which can be killed as by a power cut."""

    def __init__(self, plan: MailPlan) -> None:
        self.plan = plan
        self.processes: list[subprocess.Popen] = []
        self.lock = threading.Lock()

    def start(self) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.processes = [
            subprocess.Popen(this_checkout().command("worker"), **quiet)
            for _number in range(self.plan.workers)
        ]

    def cut_power(self) -> None:
        with self.lock:
            self._end(signal.SIGKILL)
            self.start()

    def stop(self) -> None:
        with self.lock:
            self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        for process in self.processes:
            process.send_signal(how)
        for process in self.processes:
            process.wait(timeout=60)
        self.processes = []


def address_number(address: str) -> int:
    return int(re.match(r"\d+", address)[0])


def drill_mail(plan: MailPlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    outcome = run(plan, log)
    failures = ", ".join(f"{number} {failure}" for failure, number in sorted(outcome.misbehaved.items()))
    report("mails asked for", outcome.asked_for)
    report("delivered", outcome.delivered)
    report("refused for good by the server, and shown so", outcome.refused)
    report("lost", outcome.lost)
    report("delivered twice", outcome.duplicated)
    report("sign-ups answered, half of them within", f"{outcome.sign_ups[len(outcome.sign_ups) // 2]:.2f} s")
    report("sign-ups answered, the slowest within", f"{outcome.sign_ups[-1]:.2f} s")
    report("95 % delivered after the server's return", f"{outcome.nearly_all_after:.0f} s")
    report("all delivered after the server's return", f"{outcome.all_after:.0f} s")
    report("what the server and the power did", failures)
    if outcome.lost or outcome.asked_for != plan.sign_ups:
        return "Mails are missing."
    if outcome.duplicated > outcome.misbehaved["workers killed"]:
        return "More mails were delivered twice than workers were killed over one."
    return ""


def run(plan: MailPlan, log: Log) -> Outcome:
    """Run the sign-ups, the outage and the deliveries, and count the results."""
    workers = Workers(plan)
    server = MailServer(plan, workers.cut_power)
    workers.start()
    try:
        log(f"{plan.sign_ups} sign-ups, {plan.workers} workers, and no mail server")
        waited = sign_up_all(plan.sign_ups)
        asked_for = Mail.objects.count()
        time.sleep(plan.down)
        log(f"{asked_for} mails asked for; the mail server returns")
        with listening(server):
            returned_at = time.monotonic()
            wait_until_settled(plan, returned_at, log)
    finally:
        workers.stop()
    return count_outcome(server, asked_for, waited, returned_at)


def sign_up_all(number: int) -> list[float]:
    """Sign `number` people up, several at once. Return the seconds of each response, in ascending order."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    with (
        override_settings(PASSWORD_HASHERS=CHEAP_HASHERS),
        ThreadPoolExecutor(THREADS, initializer=connections.close_all) as pool,
    ):
        _sign_up(0)  # not timed, since it loads much of the code
        return sorted(pool.map(_sign_up, range(1, number)))


def _sign_up(number: int) -> float:
    """Sign one person up, each from another IP address, every other one in Chinese."""
    path = "/zh-hans/accounts/signup/" if number % 2 else "/accounts/signup/"
    client = Client(
        SERVER_NAME=DRILL_HOST,
        HTTP_X_FORWARDED_FOR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )
    started = time.monotonic()
    response = client.post(path, {"email": f"{number}@{DOMAIN}", "password1": SIGN_UP_PASSWORD}, secure=True)
    if response.status_code != 302:
        raise RuntimeError(f"sign-up {number} was answered with {response.status_code}")
    return time.monotonic() - started


@contextmanager
def listening(server: MailServer) -> Iterator[None]:
    controller = Controller(server, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def wait_until_settled(plan: MailPlan, returned_at: float, log: Log) -> None:
    for round_number in itertools.count():
        waiting = Mail.objects.filter(state__in=UNSETTLED)
        count = waiting.count()
        if not count or time.monotonic() - returned_at > plan.limit:
            return
        if plan.end_leases:
            _end_dead_leases(round_number)
        if round_number % 20 == 0:
            log(f"{count} to go")
        time.sleep(0.5)


def _end_dead_leases(round_number: int) -> None:
    """End pauses and the leases of dead workers now and then, so rarely that a living worker has finished its
    mail.
    """
    if round_number % 10 == 9:
        now = timezone.now()
        Mail.objects.filter(state=MailState.SENDING).update(lease_until=now)
        Mail.objects.filter(state=MailState.QUEUED).update(next_try_at=now)


def count_outcome(server: MailServer, asked_for: int, waited: list[float], returned_at: float) -> Outcome:
    """Compare what the mail server received with what was enqueued."""
    first: dict[str, float] = {}
    for address, moment in server.deliveries:
        first.setdefault(address, moment - returned_at)
    moments = sorted(first.values()) or [0.0]
    return Outcome(
        asked_for=asked_for,
        delivered=len(first),
        duplicated=len(server.deliveries) - len(first),
        refused=Mail.objects.filter(state=MailState.REFUSED).count(),
        sign_ups=waited,
        nearly_all_after=moments[int(0.95 * (len(moments) - 1))],
        all_after=moments[-1],
        misbehaved=server.misbehaved,
    )

"""The mail drill: a burst of sign-ups while the mail server is down, then a server that behaves in every bad way, and power cuts.

Everything is real: the sign-up page, the rows, worker processes, SMTP over a socket, SIGKILL. Only passwords are hashed cheaply, because
the drill is about mail. It runs in an environment of its own (see the command `drill`), never in the one of a site.
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

DOMAIN = "drill.example"
A_PASSWORD = "paper tigers do not crouch"  # noqa: S105 (of people who do not exist)
THREADS = 8  # that sign up at once
CHEAP = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class MailPlan:
    sign_ups: int
    workers: int
    power_cuts: int
    slow: float  # seconds that the slow answers take
    down: float  # seconds that the server stays away after the last sign-up
    limit: float  # seconds after the server's return at which the drill gives up
    end_leases: bool  # end the leases of killed workers by hand instead of waiting for them


@dataclass
class Outcome:
    asked_for: int
    delivered: int
    duplicated: int
    refused: int
    sign_ups: list[float]  # seconds, the quickest first
    nearly_all_after: float  # seconds from the server's return to the delivery of 95 % of the mails
    all_after: float
    misbehaved: Counter = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        return self.asked_for - self.delivered - self.refused


class MailServer:
    """Takes mail, badly: each address has its own trouble, by its number, the first time it is written to."""

    def __init__(self, plan: MailPlan, cut_power: Callable[[], None]) -> None:
        self.plan = plan
        self.cut_power = cut_power
        self.deliveries: list[tuple[str, float]] = []  # (address, when)
        self.met: Counter = Counter()
        self.misbehaved: Counter = Counter()
        self.cuts_at = {plan.sign_ups * cut // (plan.power_cuts + 1) for cut in range(1, plan.power_cuts + 1)}

    async def handle_RCPT(self, server, session, envelope, address: str, options) -> str:  # noqa: N802 (aiosmtpd's name)
        number = number_of(address)
        if number % 10 == 1 and self._first("greylisted", address):
            return "451 4.7.1 greylisted, come again"
        if number % 50 == 2:
            self.misbehaved["refused"] += 1
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        number = number_of(address)
        if number % 20 == 3 and self._first("dropped in DATA", address):
            server.transport.abort()
            return "421 gone"
        if number % 500 == 4 and self._first("slow", address):
            await asyncio.sleep(self.plan.slow)
        self.deliveries.append((address, time.monotonic()))
        if len(self.deliveries) in self.cuts_at:  # between the server's "yes" and the worker's note of it
            self.misbehaved["power cuts"] += 1
            self.misbehaved["workers killed"] += self.plan.workers
            self.cut_power()
        return "250 2.0.0 taken"

    def _first(self, trouble: str, address: str) -> bool:
        self.met[trouble, address] += 1
        is_first = self.met[trouble, address] == 1
        self.misbehaved[trouble] += is_first
        return is_first


class Workers:
    """Worker processes of the site, that can be killed like by a power cut."""

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


def number_of(address: str) -> int:
    return int(re.match(r"\d+", address)[0])


def drill_mail(plan: MailPlan, say: Callable[[str], None], tell: Callable[[str, object], None]) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    outcome = run(plan, say)
    troubles = ", ".join(f"{number} {trouble}" for trouble, number in sorted(outcome.misbehaved.items()))
    tell("mails asked for", outcome.asked_for)
    tell("delivered", outcome.delivered)
    tell("refused for good by the server, and shown so", outcome.refused)
    tell("lost", outcome.lost)
    tell("delivered twice", outcome.duplicated)
    tell("sign-ups answered, half of them within", f"{outcome.sign_ups[len(outcome.sign_ups) // 2]:.2f} s")
    tell("sign-ups answered, the slowest within", f"{outcome.sign_ups[-1]:.2f} s")
    tell("95 % delivered after the server's return", f"{outcome.nearly_all_after:.0f} s")
    tell("all delivered after the server's return", f"{outcome.all_after:.0f} s")
    tell("what the server and the power did", troubles)
    if outcome.lost or outcome.asked_for != plan.sign_ups:
        return "Mails are missing."
    if outcome.duplicated > outcome.misbehaved["workers killed"]:
        return "More mails were delivered twice than workers were killed over one."
    return ""


def run(plan: MailPlan, say: Callable[[str], None]) -> Outcome:
    """Play the drill through. What happens is told to `say` while it happens."""
    workers = Workers(plan)
    server = MailServer(plan, workers.cut_power)
    workers.start()
    try:
        say(f"{plan.sign_ups} sign-ups, {plan.workers} workers, and no mail server")
        waited = sign_up_all(plan.sign_ups)
        asked_for = Mail.objects.count()
        time.sleep(plan.down)
        say(f"{asked_for} mails asked for; the mail server returns")
        with listening(server):
            returned = time.monotonic()
            wait_until_settled(plan, returned, say)
    finally:
        workers.stop()
    return count(server, asked_for, waited, returned)


def sign_up_all(number: int) -> list[float]:
    """Sign `number` people up, several at once. Returns the seconds that each waited for the answer, the quickest first."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    with (
        override_settings(PASSWORD_HASHERS=CHEAP),
        ThreadPoolExecutor(THREADS, initializer=connections.close_all) as pool,
    ):
        _sign_up(0)  # not timed: how long a process takes to load its code is another story
        return sorted(pool.map(_sign_up, range(1, number)))


def _sign_up(number: int) -> float:
    """One person, from a network address of their own, every other one in Chinese."""
    path = "/zh-hans/accounts/signup/" if number % 2 else "/accounts/signup/"
    client = Client(
        SERVER_NAME=DRILL_HOST,
        HTTP_X_FORWARDED_FOR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )
    began = time.monotonic()
    response = client.post(path, {"email": f"{number}@{DOMAIN}", "password1": A_PASSWORD}, secure=True)
    if response.status_code != 302:
        raise RuntimeError(f"sign-up {number} was answered with {response.status_code}")
    return time.monotonic() - began


@contextmanager
def listening(server: MailServer) -> Iterator[None]:
    controller = Controller(server, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def wait_until_settled(plan: MailPlan, returned: float, say: Callable[[str], None]) -> None:
    for round_number in itertools.count():
        waiting = Mail.objects.filter(state__in=UNSETTLED)
        left = waiting.count()
        if not left or time.monotonic() - returned > plan.limit:
            return
        if plan.end_leases:
            _end_dead_leases(round_number)
        if round_number % 20 == 0:
            say(f"{left} to go")
        time.sleep(0.5)


def _end_dead_leases(round_number: int) -> None:
    """Bring forward what waits for a pause or a dead worker's lease; seldom enough for a living worker to have finished its mail."""
    if round_number % 10 == 9:
        now = timezone.now()
        Mail.objects.filter(state=MailState.SENDING).update(lease_until=now)
        Mail.objects.filter(state=MailState.QUEUED).update(next_try_at=now)


def count(server: MailServer, asked_for: int, waited: list[float], returned: float) -> Outcome:
    """What the mail server has seen against what was asked for."""
    first: dict[str, float] = {}
    for address, moment in server.deliveries:
        first.setdefault(address, moment - returned)
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

"""The drill of what readers outlive: the database is stopped under load and comes back; no worker and no mail server run at all."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import connections

from articles.models import Article
from comments.models import Comment
from ictiger.testbed.postgres import PostgresServer
from ictiger.testbed.processes import WebServer
from ictiger.testbed.site import DRILL_HOST

from .freshness import Load, freshness_report, freshness_verdict, opened
from .http_client import Answer, HttpClient
from .process_kill import leftovers
from .subjects import SCHEDULES
from .writers import TOKEN, session_of

AWAY_FOR = 3.0  # seconds of load without a database
BACK_WITHIN = 5.0  # seconds from the database's return to the first page that needs it
RECOVERY_BOUND = 2.0
CONCURRENCY = 5.0  # seconds in which a refusal must have come
TEXT = "Words that must not be lost <here>, 不可丢失。"
SHOWN_TEXT = "Words that must not be lost &lt;here&gt;, 不可丢失。"


@dataclass(frozen=True)
class OutagePlan:
    through: str
    threads: int | None


class DrillFailure(RuntimeError):
    """Something that readers should not have seen."""


def drill_outage(plan: OutagePlan, say: Callable[[str], None], tell: Callable[[str, object], None]) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    options = [f"--threads={plan.threads}"] if plan.threads else []
    server, postgres = WebServer(*options), PostgresServer.from_environment()
    server.start()
    try:
        with opened(server, plan.through) as port:
            load = Load(port, writers=2, readers=3, pause=0.2, lossy=True)
            stored = StoredPages(port, [page for subject in load.subjects for page in subject.pages])
            session = session_of(0, 0)
            connections.close_all()
            say(
                f"The database stops. There is no worker, and no mail server. Readers come through {plan.through}."
            )
            postgres.stop()
            tell("stored pages, feeds and files read without the database", stored.read_again())
            tell("refusals that kept what was typed", refused(port, session))
            postgres.start()
            tell("seconds from its return to the first page that needs it", f"{back_after(port):.1f}")
            posted_once(port, session)
            signed_up(port)
            tell("comments posted by sending the kept text again, twice", 1)
            cut_under_load(load, postgres)
            record = load.end()
            left = leftovers(say)
    except DrillFailure as trouble:
        return str(trouble)
    finally:
        server.stop()
    freshness_report(record, load, tell)
    for name, number in left.items():
        tell(name, number)
    return freshness_verdict(record, say) or next(
        (f"{name}: {number}" for name, number in left.items() if number), ""
    )


class StoredPages:
    """Pages and files as they were read while all was well."""

    def __init__(self, port: int, paths: list[str]) -> None:
        self.asker = HttpClient(port)
        home = self.asker.get("/").text
        files = re.findall(r'(?:href|src)="(/static/[^"]+)"', home)
        self.before = {
            path: expect(self.asker.get(path), 200, path).text for path in [*sorted(set(paths)), *files]
        }

    def read_again(self) -> int:
        for path, text in self.before.items():
            for encoding in ("gzip", "identity"):
                if expect(self.asker.get(path, accept_encoding=encoding), 200, path).text != text:
                    raise DrillFailure(f"{path} reads otherwise without the database")
        return len(self.before)


def expect(answer: Answer, status: int, what: str) -> Answer:
    if answer.status != status:
        raise DrillFailure(f"{what}: {answer.status} instead of {status}: {answer.text[:1000]}")
    return answer


def refused(port: int, session: str) -> int:
    """What cannot be done without a database says so at once, in the page's language, and gives back what was typed."""
    asker = HttpClient(port)
    path = "/articles/talk-0/comments/"
    typed = {"body": TEXT, "submission": str(uuid.uuid4()), "parent": ""}
    answers = {
        "a page that is not stored": (asker.get("/articles/unknown/"), "en", ""),
        "the same in Chinese": (asker.get("/zh-hans/articles/unknown/"), "zh-hans", ""),
        "a comment without JavaScript": (send(asker, path, typed, session), "en", SHOWN_TEXT),
        "a comment with JavaScript": (send(asker, path, typed, session, hx_request="true"), "en", SHOWN_TEXT),
        "a stranger's comment": (send(asker, path, typed, ""), "en", SHOWN_TEXT),
        "a comment in Chinese": (send(asker, f"/zh-hans{path}", typed, session), "zh-hans", SHOWN_TEXT),
        "a log-in": (
            send(asker, "/accounts/login/", {"login": "reader@drill.example", "password": "x"}, ""),
            "en",
            "",
        ),
    }
    for what, (answer, language, shown) in answers.items():
        expect(answer, 503, what)
        if (
            f'<html lang="{language}"' not in answer.text
            or shown not in answer.text
            or "Traceback" in answer.text
        ):
            raise DrillFailure(f"{what}: {answer.text[:3000]}")
        if "retry-after" not in answer.headers:
            raise DrillFailure(f"{what}: no Retry-After")
        if answer.ended - answer.began > CONCURRENCY:
            raise DrillFailure(f"{what}: answered after {answer.ended - answer.began:.1f} s")
    return len(answers)


def send(asker: HttpClient, path: str, form: dict[str, str], session: str, **headers: str) -> Answer:
    """Send a form with a token that matches its cookie, as a browser does."""
    cookies = f"csrftoken={TOKEN}" + (f"; sessionid={session}" if session else "")
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {
        "Cookie": cookies,
        "Referer": f"https://{DRILL_HOST}/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return asker.ask("POST", path, headers, urlencode(form | {"csrfmiddlewaretoken": TOKEN}))


def back_after(port: int) -> float:
    """Seconds until the server works again, by itself."""
    asker, began = HttpClient(port), time.monotonic()
    while time.monotonic() - began < BACK_WITHIN:
        if asker.get("/articles/unknown/").status == 404:
            return time.monotonic() - began
        time.sleep(0.1)
    raise DrillFailure(f"The server has not found back to its database after {BACK_WITHIN:g} s")


def posted_once(port: int, session: str) -> None:
    """The text that was kept is sent again, and then once more: it is posted once, and shows, without any worker."""
    asker = HttpClient(port)
    form = {"body": TEXT, "submission": str(uuid.uuid4()), "parent": ""}
    for _time in range(2):
        expect(send(asker, "/articles/talk-0/comments/", form, session), 302, "the text sent again")
    if Comment.objects.filter(body=TEXT).count() != 1:
        raise DrillFailure("The text sent again was not posted once")
    expect_text(asker, Article.objects.get(slug="talk-0").get_absolute_url())
    connections.close_all()


def expect_text(asker: HttpClient, path: str) -> None:
    if SHOWN_TEXT not in expect(asker.get(path), 200, path).text:
        raise DrillFailure(f"{path} does not show what was posted")


def signed_up(port: int) -> None:
    """Without a mail server, too: the mail waits in its queue."""
    form = {"email": "newcomer@drill.example", "password1": "paper tigers do not crouch"}
    expect(send(HttpClient(port), "/accounts/signup/", form, ""), 302, "a sign-up without a mail server")


def cut_under_load(load: Load, postgres: PostgresServer) -> None:
    """The database goes while writers are at it: whatever it had committed, readers are owed two seconds after its return."""
    load.begin()
    time.sleep(AWAY_FOR)
    postgres.stop()
    time.sleep(AWAY_FOR)
    postgres.start()
    returned = time.monotonic()
    committed = {
        subject.number: subject.version_now() for subject in load.subjects if subject.kind not in SCHEDULES
    }
    connections.close_all()
    time.sleep(max(0.0, returned + RECOVERY_BOUND - time.monotonic()))
    for number, version in committed.items():
        load.ledger.owed[number] = max(load.ledger.owed[number], version)
    time.sleep(AWAY_FOR)

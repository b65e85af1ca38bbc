"""The outage drill: the database is stopped under load and comes back; no worker and no mail server run."""

import re
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import connections

from articles.models import Article
from comments.models import Comment
from ictiger.testbed.postgres import PostgresServer
from ictiger.testbed.processes import WebServer
from ictiger.testbed.site import DRILL_HOST

from . import Log, Report
from .freshness import Load, freshness_report, freshness_verdict, server_port
from .http_client import HttpClient, Response
from .process_kill import leftovers
from .subjects import SCHEDULES
from .writers import TOKEN, log_in

AWAY_FOR = 3.0  # seconds of load without the database
BACK_WITHIN = 5.0  # seconds from the restart of the database to the first page that needs it
RECOVERY_BOUND = 2.0  # seconds from the restart until no older page is served
REFUSED_WITHIN = 5.0  # seconds for an error page without the database
TEXT = "Words that must not be lost <here>, 不可丢失。"
SHOWN_TEXT = "Words that must not be lost &lt;here&gt;, 不可丢失。"


@dataclass(frozen=True)
class OutagePlan:
    through: str
    threads: int | None


class DrillFailure(RuntimeError):
    """Readers got something that they should not have got."""


def drill_outage(plan: OutagePlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    options = [f"--threads={plan.threads}"] if plan.threads else []
    server, postgres = WebServer(*options), PostgresServer.from_environment()
    server.start()
    try:
        with server_port(server, plan.through) as port:
            load = Load(port, writers=2, readers=3, pause=0.2, lossy=True)
            stored = StoredPages(port, [page for subject in load.subjects for page in subject.pages])
            session = log_in(0, 0)
            connections.close_all()
            log(
                "The database stops. There is no worker, and no mail server. "
                f"Readers come through {plan.through}."
            )
            postgres.stop()
            report("stored pages, feeds and files read without the database", stored.read_again())
            report("refusals that kept what was typed", check_refusals(port, session))
            postgres.start()
            report(
                "seconds from its return to the first page that needs it", f"{seconds_until_back(port):.1f}"
            )
            post_twice(port, session)
            sign_up(port)
            report("comments posted by sending the kept text again, twice", 1)
            cut_under_load(load, postgres)
            record = load.end()
            remains = leftovers(log)
    except DrillFailure as failure:
        return str(failure)
    finally:
        server.stop()
    freshness_report(record, load, report)
    for name, number in remains.items():
        report(name, number)
    return freshness_verdict(record, log) or next(
        (f"{name}: {number}" for name, number in remains.items() if number), ""
    )


class StoredPages:
    """Pages and files, with their content before the outage."""

    def __init__(self, port: int, paths: list[str]) -> None:
        self.client = HttpClient(port)
        home = self.client.get("/").text
        files = re.findall(r'(?:href|src)="(/static/[^"]+)"', home)
        self.before = {
            path: expect(self.client.get(path), 200, path).text for path in [*sorted(set(paths)), *files]
        }

    def read_again(self) -> int:
        for path, text in self.before.items():
            for encoding in ("gzip", "identity"):
                if expect(self.client.get(path, accept_encoding=encoding), 200, path).text != text:
                    raise DrillFailure(f"{path} reads otherwise without the database")
        return len(self.before)


def expect(response: Response, status: int, name: str) -> Response:
    """Return the response. Raises DrillFailure when it has another status."""
    if response.status != status:
        raise DrillFailure(f"{name}: {response.status} instead of {status}: {response.text[:1000]}")
    return response


def check_refusals(port: int, session: str) -> int:
    """Check that requests which need the database get a 503 at once, in the page's language and with the
    typed text.
    """
    client = HttpClient(port)
    path = "/articles/talk-0/comments/"
    form = {"body": TEXT, "submission": str(uuid.uuid4()), "parent": ""}
    responses = {
        "a page that is not stored": (client.get("/articles/unknown/"), "en", ""),
        "the same in Chinese": (client.get("/zh-hans/articles/unknown/"), "zh-hans", ""),
        "a comment without JavaScript": (send(client, path, form, session), "en", SHOWN_TEXT),
        "a comment with JavaScript": (
            send(client, path, form, session, hx_request="true"),
            "en",
            SHOWN_TEXT,
        ),
        "an anonymous comment": (send(client, path, form, ""), "en", SHOWN_TEXT),
        "a comment in Chinese": (send(client, f"/zh-hans{path}", form, session), "zh-hans", SHOWN_TEXT),
        "a log-in": (
            send(client, "/accounts/login/", {"login": "reader@drill.example", "password": "x"}, ""),
            "en",
            "",
        ),
    }
    for name, (response, language, text) in responses.items():
        expect(response, 503, name)
        if (
            f'<html lang="{language}"' not in response.text
            or text not in response.text
            or "Traceback" in response.text
        ):
            raise DrillFailure(f"{name}: {response.text[:3000]}")
        if "retry-after" not in response.headers:
            raise DrillFailure(f"{name}: no Retry-After")
        if response.ended_at - response.started_at > REFUSED_WITHIN:
            raise DrillFailure(f"{name}: answered after {response.ended_at - response.started_at:.1f} s")
    return len(responses)


def send(client: HttpClient, path: str, form: dict[str, str], session: str, **headers: str) -> Response:
    """Send a form with a CSRF token that matches its cookie, as a browser does."""
    cookies = f"csrftoken={TOKEN}" + (f"; sessionid={session}" if session else "")
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {
        "Cookie": cookies,
        "Referer": f"https://{DRILL_HOST}/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return client.request("POST", path, headers, urlencode(form | {"csrfmiddlewaretoken": TOKEN}))


def seconds_until_back(port: int) -> float:
    """Return the seconds until the server has recovered by itself."""
    client, started = HttpClient(port), time.monotonic()
    while time.monotonic() - started < BACK_WITHIN:
        if client.get("/articles/unknown/").status == 404:
            return time.monotonic() - started
        time.sleep(0.1)
    raise DrillFailure(f"The server has not found back to its database after {BACK_WITHIN:g} s")


def post_twice(port: int, session: str) -> None:
    """Send the text of the refused form twice: it is posted once, and shows without any worker."""
    client = HttpClient(port)
    form = {"body": TEXT, "submission": str(uuid.uuid4()), "parent": ""}
    for _time in range(2):
        expect(send(client, "/articles/talk-0/comments/", form, session), 302, "the text sent again")
    if Comment.objects.filter(body=TEXT).count() != 1:
        raise DrillFailure("The text sent again was not posted once")
    expect_text(client, Article.objects.get(slug="talk-0").get_absolute_url())
    connections.close_all()


def expect_text(client: HttpClient, path: str) -> None:
    if SHOWN_TEXT not in expect(client.get(path), 200, path).text:
        raise DrillFailure(f"{path} does not show what was posted")


def sign_up(port: int) -> None:
    """Sign up without a mail server: the mail waits in its queue."""
    form = {"email": "newcomer@drill.example", "password1": "paper tigers do not crouch"}
    expect(send(HttpClient(port), "/accounts/signup/", form, ""), 302, "a sign-up without a mail server")


def cut_under_load(load: Load, postgres: PostgresServer) -> None:
    """Stop the database under load.

    Readers must see what it had committed RECOVERY_BOUND after its restart.
    """
    load.begin()
    time.sleep(AWAY_FOR)
    postgres.stop()
    time.sleep(AWAY_FOR)
    postgres.start()
    restarted_at = time.monotonic()
    committed = {
        subject.number: subject.committed_version()
        for subject in load.subjects
        if subject.kind not in SCHEDULES
    }
    connections.close_all()
    time.sleep(max(0.0, restarted_at + RECOVERY_BOUND - time.monotonic()))
    for number, version in committed.items():
        load.expected.versions[number] = max(load.expected.versions[number], version)
    time.sleep(AWAY_FOR)

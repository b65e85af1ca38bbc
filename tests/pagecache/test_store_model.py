"""The protocol as a model: readers, writers and sweepers interleaved step by step, and killed at any of them.

The store, the wrapper and its locks are the real ones, on a real disk. The database is a model: rows with a
version, and an outbox. Hypothesis decides which actor continues, and when the clock moves. What must hold: no
reader gets a page older than a write that was answered before the request, or than a moment of its schedule
that had passed by then; and a file server, which knows no clock, finds no page that has still to expire.
"""

import gzip
import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ictiger.pagecache import store as store_module
from ictiger.pagecache import wsgi as wsgi_module
from ictiger.pagecache.store import Store

from .site import Site
from .stepping import Actor, SteppingOs, SteppingTime, step

PATHS = {"/a/": "a", "/list/page/2/": "ab", "/soon/": "s"}  # with the rows that each page shows
SHOWS_ON = {"a": ["/a/", "/list/**"], "b": ["/list/**"], "s": ["/soon/"]}
SITE_WIDE = ["/**"]
MAX_ACTORS = 4
STEPS = [
    "query",
    "rendered",
    "rename",
    "unlink",
    "makedirs",
    "purge",
    "the end",
]  # an actor may stop before these


class Database:
    """Rows with versions, an outbox, and for each row the newest version whose write was answered.

    Each version of the row `s` has a moment, or None. From that moment on its pages show `p1` instead of
    `p0`.
    """

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.outbox: list[tuple[str, int, list[str]]] = []
        self.answered: Counter[str] = Counter()
        self.moments: dict[int, int | None] = {0: None}

    def commit(self, row: str, paths: list[str], moment: int | None) -> tuple[str, int, list[str]]:
        self.rows[row] += 1
        if row == "s":
            self.moments[self.rows[row]] = moment
        entry = (row, self.rows[row], paths)
        self.outbox.append(entry)
        return entry

    def record_answered(self, entry: tuple[str, int, list[str]]) -> None:
        """Its pages are purged: delete the outbox row and count the write as answered."""
        if entry in self.outbox:
            self.outbox.remove(entry)
        row, version, _paths = entry
        self.answered[row] = max(self.answered[row], version)


def has_passed(moment: int | None, now: int) -> bool:
    return moment is not None and moment <= now


def shown_versions(body: bytes, compressed: bool) -> dict[str, int]:
    """The number beside each letter on a page."""
    text = gzip.decompress(body) if compressed else body
    return {word[0]: int(word[1:]) for word in text.decode().split()}


class PageStoreModel(RuleBasedStateMachine):
    @initialize(releases=st.integers(1, 2))
    def set_up(self, releases: int) -> None:
        self.folder = tempfile.mkdtemp(prefix="ictiger-model-")
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(store_module, "os", SteppingOs())
        self.clock = SteppingTime()
        self.patch.setattr(store_module, "time", self.clock)
        self.patch.setattr(wsgi_module, "time", self.clock)
        self.patch.setattr(wsgi_module, "RENDER_WAIT", 0.05)
        self.patch.setattr(wsgi_module, "is_public", lambda _path: True)
        self.database = Database()
        self.sites = [Site(Store(self.folder, f"release-{number}")) for number in range(releases)]
        for site in self.sites:
            site.django = self.render
        self.actors: list[Actor] = []

    def teardown(self) -> None:
        """Living actors finish, the sweep purges for the killed; then every page agrees with the database."""
        try:
            for actor in self.actors:
                actor.finish()
            self.sweep_once()
            for seconds in (0, 10):
                self.clock.wall += seconds
                for site in self.sites:
                    for path in PATHS:
                        self.check_page(site, path, "", read_only=True)
                        self.check_page(site, path, "gzip", read_only=False)
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    def render(self, environ: dict, start_response) -> HttpResponse:
        """Django, with one query for each row."""
        versions, asked_at, until = [], self.clock.wall, None
        for row in PATHS[environ["PATH_INFO"]]:
            step("query")
            versions.append(f"{row}{self.database.rows[row]}")
            if row == "s":
                moment = self.database.moments[self.database.rows[row]]
                versions.append(f"p{int(has_passed(moment, asked_at))}")
                until = moment if moment is not None and moment > asked_at else None
        step("rendered")
        response = HttpResponse(" ".join(versions), headers={"Content-Language": "en"})
        response.fresh_until = until and datetime.fromtimestamp(until, UTC)
        response.public_page = True
        response.close = lambda: None
        start_response("200 OK", list(response.items()))
        return response

    def check_page(self, site: Site, path: str, encoding: str, *, read_only: bool) -> None:
        """Request a page, or (`read_only`) find it in the store, and compare it with the answered writes."""
        expected = {row: self.database.answered[row] for row in PATHS[path]}
        asked_at = self.clock.wall
        if read_only:
            page = site.store.find(path.encode(), compressed=bool(encoding))
            body = page and page.body
        else:
            body = site.get(path, HTTP_ACCEPT_ENCODING=encoding).body
        if body:
            shown = shown_versions(body, bool(encoding))
            if "s" in shown:
                expected["p"] = has_passed(self.database.moments[shown["s"]], asked_at)
            assert all(shown[name] >= expected[name] for name in expected), (
                f"{path}: {shown}, expected {expected}"
            )

    def write(self, row: str, paths: list[str], site: Site, soon: int = 0) -> None:
        """`soon`: seconds until the moment of a schedule; 0 for none."""
        step("commit")
        entry = self.database.commit(row, paths, self.clock.wall + soon if soon else None)
        step("purge")
        site.store.purge(paths)
        step("answer")
        self.database.record_answered(entry)

    def sweep_once(self) -> None:
        for entry in list(self.database.outbox):
            step("purge")
            self.sites[0].store.purge(entry[2])
            self.database.record_answered(entry)

    @invariant()
    def store_holds_nothing_old(self) -> None:
        """A request now, for either form, gets nothing older than the answered writes."""
        for site in self.sites:
            for path in PATHS:
                for encoding in ("", "gzip"):
                    self.check_page(site, path, encoding, read_only=True)

    @invariant()
    def file_server_finds_no_expiring_page(self) -> None:
        for site in self.sites:
            for end in (b"", b".gz"):
                with (
                    suppress(FileNotFoundError),
                    open(site.store.pages + b"/soon/index.html" + end, "rb") as file,
                ):
                    shown = shown_versions(file.read(), bool(end))
                    assert shown["p"] or self.database.moments[shown["s"]] is None, shown

    def start_actor(self, work) -> None:
        self.actors.append(Actor(work))

    @property
    def alive(self) -> list[Actor]:
        self.actors = [actor for actor in self.actors if not actor.done]
        return self.actors

    @precondition(lambda self: len(self.alive) < MAX_ACTORS)
    @rule(
        path=st.sampled_from(sorted(PATHS)),
        encoding=st.sampled_from(["", "gzip"]),
        where=st.integers(0, 1),
        ready=st.booleans(),
    )
    def start_reader(self, path: str, encoding: str, where: int, ready: bool) -> None:
        site = self.sites[where % len(self.sites)]
        self.start_actor(lambda: self.check_page(site, path, encoding, read_only=ready))

    @precondition(lambda self: len(self.alive) < MAX_ACTORS)
    @rule(
        row=st.sampled_from("abs"),
        site_wide=st.integers(0, 5),
        where=st.integers(0, 1),
        soon=st.integers(0, 3),
    )
    def start_writer(self, row: str, site_wide: int, where: int, soon: int) -> None:
        paths = SHOWS_ON[row] if site_wide else SITE_WIDE
        site = self.sites[where % len(self.sites)]
        self.start_actor(lambda: self.write(row, paths, site, soon))

    @rule(seconds=st.integers(1, 3))
    def move_clock(self, seconds: int) -> None:
        self.clock.wall += seconds

    @precondition(lambda self: len(self.alive) < MAX_ACTORS - 1)
    @rule(
        path=st.sampled_from(sorted(PATHS)),
        name=st.sampled_from(STEPS),
        more=st.integers(0, 3),
        where=st.integers(0, 1),
    )
    def write_during_a_request(self, path: str, name: str, more: int, where: int) -> None:
        """The other rules could produce this too, but rarely do, and it matters most."""
        site = self.sites[where % len(self.sites)]
        self.start_actor(lambda: self.check_page(site, path, "", read_only=False))
        reader = self.actors[-1]
        reader.advance_to(name)
        for _step in range(more):
            reader.advance()
        row = PATHS[path][0]
        self.start_actor(lambda: self.write(row, SHOWS_ON[row], self.sites[0], soon=2))
        self.actors[-1].advance_to("the end", at_most=300)

    @precondition(lambda self: len(self.alive) < MAX_ACTORS)
    @rule(soon=st.integers(1, 2), seconds=st.integers(0, 2), site_wide=st.booleans(), where=st.integers(0, 1))
    def store_an_expiring_page(self, soon: int, seconds: int, site_wide: bool, where: int) -> None:
        """The other rules rarely meet the very second, or purge everything while the page is stored."""
        site = self.sites[where % len(self.sites)]
        works = [
            lambda: self.write("s", SHOWS_ON["s"], site, soon),
            lambda: self.check_page(site, "/soon/", "", read_only=False),
        ]
        if site_wide:
            works.append(lambda: self.write("s", SITE_WIDE, self.sites[0]))
        for work in works:
            Actor(work).finish()
        self.clock.wall += seconds

    @precondition(lambda self: len(self.alive) < MAX_ACTORS)
    @rule()
    def sweep(self) -> None:
        self.start_actor(self.sweep_once)

    @precondition(lambda self: self.alive)
    @rule(index=st.integers(0, MAX_ACTORS - 1), steps=st.integers(1, 5))
    def advance_actor(self, index: int, steps: int) -> None:
        actor = self.alive[index % len(self.alive)]
        for _step in range(steps):
            actor.advance()

    @precondition(lambda self: self.alive)
    @rule(index=st.integers(0, MAX_ACTORS - 1), name=st.sampled_from(STEPS))
    def advance_actor_to(self, index: int, name: str) -> None:
        self.alive[index % len(self.alive)].advance_to(name)

    @precondition(lambda self: self.alive)
    @rule(index=st.integers(0, MAX_ACTORS - 1), really=st.integers(0, 2))
    def kill_actor(self, index: int, really: int) -> None:
        if not really:
            self.alive[index % len(self.alive)].kill()


def test_no_reader_gets_a_page_older_than_an_answered_write():
    """The environment variable MODEL_EXAMPLES sets how many examples to search."""
    bounds = settings(
        max_examples=int(os.environ.get("MODEL_EXAMPLES", "100")),
        phases=[
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ],  # without shrinking, which takes long; failing examples are short
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(PageStoreModel, settings=bounds)

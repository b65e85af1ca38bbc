"""The protocol as a model: readers, writers and sweepers interleaved step by step, and killed at any of them.

The store, the wrapper and its locks are the real ones, on a real disk. The database is a model: rows with a version, and an outbox.
Hypothesis decides who goes next, and when the clock goes on. What must hold: no reader gets a page older than a write that was answered
before the reader asked, or than a moment of its schedule that had come by then; and a file server, which knows no clock, finds no page
whose moment is still to come.
"""

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
from ictiger.pagecache import wsgi as wrapper_module
from ictiger.pagecache.store import Store

from .site import Site
from .stepping import Actor, SteppingOs, SteppingTime, step

PATHS = {"/a/": "a", "/list/page/2/": "ab", "/soon/": "s"}  # and the rows that each shows
SHOWS_ON = {"a": ["/a/", "/list/**"], "b": ["/list/**"], "s": ["/soon/"]}
SITE_WIDE = ["/**"]
AT_ONCE = 4  # actors
STEPS = [
    "query",
    "rendered",
    "rename",
    "unlink",
    "makedirs",
    "purge",
    "the end",
]  # before which somebody may stop


class Database:
    """Rows with versions; an outbox; and for each row the newest version whose write was answered.

    The row `s` has a schedule: the moment of each of its versions, or None, from which on its pages say `p1` instead of `p0`.
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

    def settle(self, entry: tuple[str, int, list[str]]) -> None:
        """Its pages are purged: the outbox row goes, and the write counts as answered."""
        if entry in self.outbox:
            self.outbox.remove(entry)
        row, version, _paths = entry
        self.answered[row] = max(self.answered[row], version)


def has_come(moment: int | None, now: int) -> bool:
    return moment is not None and moment <= now


def what_it_says(body: bytes, compressed: bool) -> dict[str, int]:
    """The number beside each letter on a page."""
    text = store_module.gzip.decompress(body) if compressed else body
    return {word[0]: int(word[1:]) for word in text.decode().split()}


class PageStoreModel(RuleBasedStateMachine):
    @initialize(releases=st.integers(1, 2))
    def begin(self, releases: int) -> None:
        self.folder = tempfile.mkdtemp(prefix="ictiger-model-")
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(store_module, "os", SteppingOs())
        self.clock = SteppingTime()
        self.patch.setattr(store_module, "time", self.clock)
        self.patch.setattr(wrapper_module, "time", self.clock)
        self.patch.setattr(wrapper_module, "RENDER_WAIT", 0.05)
        self.patch.setattr(wrapper_module, "is_public", lambda _path: True)
        self.database = Database()
        self.sites = [Site(Store(self.folder, f"release-{number}")) for number in range(releases)]
        for site in self.sites:
            site.django = self.render
        self.actors: list[Actor] = []

    def teardown(self) -> None:
        """Whoever lives comes to an end; the sweep purges for the dead; then every page is as the database is."""
        try:
            for actor in self.actors:
                actor.finish()
            self.sweep_once()
            for seconds in (0, 10):
                self.clock.wall += seconds
                for site in self.sites:
                    for path in PATHS:
                        self.look(site, path, "", read_only=True)
                        self.look(site, path, "gzip", read_only=False)
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    # --- the actors' work -------------------------------------------------------------------------------------------------------------

    def render(self, environ: dict, start_response) -> HttpResponse:
        """Django, with one query for each row."""
        versions, asked_at, until = [], self.clock.wall, None
        for row in PATHS[environ["PATH_INFO"]]:
            step("query")
            versions.append(f"{row}{self.database.rows[row]}")
            if row == "s":
                moment = self.database.moments[self.database.rows[row]]
                versions.append(f"p{int(has_come(moment, asked_at))}")
                until = moment if moment is not None and moment > asked_at else None
        step("rendered")
        response = HttpResponse(" ".join(versions), headers={"Content-Language": "en"})
        response.fresh_until = until and datetime.fromtimestamp(until, UTC)
        response.public_page = True
        response.close = lambda: None
        start_response("200 OK", list(response.items()))
        return response

    def look(self, site: Site, path: str, encoding: str, *, read_only: bool) -> None:
        """Ask for a page, or (`read_only`) look whether one is stored, and hold it against what was answered before."""
        owed = {row: self.database.answered[row] for row in PATHS[path]}
        asked_at = self.clock.wall
        if read_only:
            page = site.store.find(path.encode(), compressed=bool(encoding))
            body = page and page.body
        else:
            body = site.get(path, HTTP_ACCEPT_ENCODING=encoding).body
        if body:
            shown = what_it_says(body, bool(encoding))
            if "s" in shown:
                owed["p"] = has_come(self.database.moments[shown["s"]], asked_at)
            assert all(shown[name] >= owed[name] for name in owed), f"{path} shows {shown}, owed {owed}"

    def write(self, row: str, paths: list[str], site: Site, soon: int = 0) -> None:
        """`soon`: seconds until the moment of a schedule; 0 for none."""
        step("commit")
        entry = self.database.commit(row, paths, self.clock.wall + soon if soon else None)
        step("purge")
        site.store.purge(paths)
        step("answer")
        self.database.settle(entry)

    def sweep_once(self) -> None:
        for entry in list(self.database.outbox):
            step("purge")
            self.sites[0].store.purge(entry[2])
            self.database.settle(entry)

    @invariant()
    def nothing_old_lies_in_the_store(self) -> None:
        """Whoever asks now, in either form, gets nothing older than what was answered."""
        for site in self.sites:
            for path in PATHS:
                for encoding in ("", "gzip"):
                    self.look(site, path, encoding, read_only=True)

    @invariant()
    def file_server_finds_no_page_of_bounded_life(self) -> None:
        for site in self.sites:
            for end in (b"", b".gz"):
                with (
                    suppress(FileNotFoundError),
                    open(site.store.pages + b"/soon/index.html" + end, "rb") as file,
                ):
                    shown = what_it_says(file.read(), bool(end))
                    assert shown["p"] or self.database.moments[shown["s"]] is None, shown

    # --- what may happen --------------------------------------------------------------------------------------------------------------

    def act(self, work) -> None:
        self.actors.append(Actor(work))

    @property
    def alive(self) -> list[Actor]:
        self.actors = [actor for actor in self.actors if not actor.done]
        return self.actors

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule(
        path=st.sampled_from(sorted(PATHS)),
        encoding=st.sampled_from(["", "gzip"]),
        where=st.integers(0, 1),
        ready=st.booleans(),
    )
    def somebody_asks(self, path: str, encoding: str, where: int, ready: bool) -> None:
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.look(site, path, encoding, read_only=ready))

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule(
        row=st.sampled_from("abs"),
        site_wide=st.integers(0, 5),
        where=st.integers(0, 1),
        soon=st.integers(0, 3),
    )
    def somebody_writes(self, row: str, site_wide: int, where: int, soon: int) -> None:
        paths = SHOWS_ON[row] if site_wide else SITE_WIDE
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.write(row, paths, site, soon))

    @rule(seconds=st.integers(1, 3))
    def time_passes(self, seconds: int) -> None:
        self.clock.wall += seconds

    @precondition(lambda self: len(self.alive) < AT_ONCE - 1)
    @rule(
        path=st.sampled_from(sorted(PATHS)),
        name=st.sampled_from(STEPS),
        more=st.integers(0, 3),
        where=st.integers(0, 1),
    )
    def a_write_happens_while_somebody_asks(self, path: str, name: str, more: int, where: int) -> None:
        """Nothing that could not come about by the other rules; but it is what matters, and comes about seldom."""
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.look(site, path, "", read_only=False))
        reader = self.actors[-1]
        reader.advance_to(name)
        for _step in range(more):
            reader.advance()
        row = PATHS[path][0]
        self.act(lambda: self.write(row, SHOWS_ON[row], self.sites[0], soon=2))
        self.actors[-1].advance_to("the end", at_most=300)

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule(soon=st.integers(1, 2), seconds=st.integers(0, 2), site_wide=st.booleans(), where=st.integers(0, 1))
    def a_page_of_bounded_life_is_stored_and_left_to_time_and_writers(
        self, soon: int, seconds: int, site_wide: bool, where: int
    ) -> None:
        """This too comes about by the other rules, but seldom at the very second, or with the page still there when all is purged."""
        site = self.sites[where % len(self.sites)]
        works = [
            lambda: self.write("s", SHOWS_ON["s"], site, soon),
            lambda: self.look(site, "/soon/", "", read_only=False),
        ]
        if site_wide:
            works.append(lambda: self.write("s", SITE_WIDE, self.sites[0]))
        for work in works:
            Actor(work).finish()
        self.clock.wall += seconds

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule()
    def sweep(self) -> None:
        self.act(self.sweep_once)

    @precondition(lambda self: self.alive)
    @rule(who=st.integers(0, AT_ONCE - 1), steps=st.integers(1, 5))
    def go_on(self, who: int, steps: int) -> None:
        actor = self.alive[who % len(self.alive)]
        for _step in range(steps):
            actor.advance()

    @precondition(lambda self: self.alive)
    @rule(who=st.integers(0, AT_ONCE - 1), name=st.sampled_from(STEPS))
    def go_on_to(self, who: int, name: str) -> None:
        self.alive[who % len(self.alive)].advance_to(name)

    @precondition(lambda self: self.alive)
    @rule(who=st.integers(0, AT_ONCE - 1), really=st.integers(0, 2))
    def kill(self, who: int, really: int) -> None:
        if not really:
            self.alive[who % len(self.alive)].kill()


def test_nobody_reads_a_page_older_than_an_answered_write():
    """MODEL_EXAMPLES asks for a longer search."""
    bounds = settings(
        max_examples=int(os.environ.get("MODEL_EXAMPLES", "100")),
        phases=[
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ],  # what fails is long to shrink, and short to read as it is
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(PageStoreModel, settings=bounds)

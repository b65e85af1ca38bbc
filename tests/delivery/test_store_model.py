"""The protocol as a model: readers, writers and sweepers interleaved step by step, and killed at any of them.

The store, the wrapper and its locks are the real ones, on a real disk. The database is a model: rows with a version, and an outbox.
Hypothesis decides who goes next. What must hold: no reader gets a page older than a write that was answered before the reader asked.
"""

import os
import shutil
import tempfile
from collections import Counter

import pytest
from django.http import HttpResponse
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from ictiger.delivery import store as store_module
from ictiger.delivery import wrapper as wrapper_module
from ictiger.delivery.store import Store
from tests.delivery.site import Site
from tests.delivery.stepping import Actor, SteppingOs, SteppingTime, step

PATHS = {"/a/": "a", "/list/page/2/": "ab"}  # and the rows that each shows
SHOWS_ON = {"a": ["/a/", "/list/**"], "b": ["/list/**"]}
SITE_WIDE = ["/**"]
AT_ONCE = 4  # actors
STEPS = ["query", "rendered", "rename", "unlink", "makedirs", "purge", "the end"]  # before which somebody may stop


class Database:
    """Rows with versions; an outbox; and for each row the newest version whose write was answered."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.outbox: list[tuple[str, int, list[str]]] = []
        self.answered: Counter[str] = Counter()

    def commit(self, row: str, paths: list[str]) -> tuple[str, int, list[str]]:
        self.rows[row] += 1
        entry = (row, self.rows[row], paths)
        self.outbox.append(entry)
        return entry

    def settle(self, entry: tuple[str, int, list[str]]) -> None:
        """Its pages are purged: the outbox row goes, and the write counts as answered."""
        if entry in self.outbox:
            self.outbox.remove(entry)
        row, version, _paths = entry
        self.answered[row] = max(self.answered[row], version)


class PageStoreModel(RuleBasedStateMachine):
    @initialize(releases=st.integers(1, 2))
    def begin(self, releases: int) -> None:
        self.folder = tempfile.mkdtemp(prefix="ictiger-model-")
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(store_module, "os", SteppingOs())
        self.clock = SteppingTime()
        self.patch.setattr(store_module, "time", self.clock)
        self.patch.setattr(wrapper_module, "time", self.clock)
        self.patch.setattr(wrapper_module, "LOOK_AGAIN_FOR", 0.05)
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
        versions = []
        for row in PATHS[environ["PATH_INFO"]]:
            step("query")
            versions.append(f"{row}{self.database.rows[row]}")
        step("rendered")
        response = HttpResponse(" ".join(versions), headers={"Content-Language": "en"})
        response.public_page = True
        response.close = lambda: None
        start_response("200 OK", list(response.items()))
        return response

    def look(self, site: Site, path: str, encoding: str, *, read_only: bool) -> None:
        """Ask for a page, or (`read_only`) look for its files as a file server does, and hold it against what was answered before."""
        owed = {row: self.database.answered[row] for row in PATHS[path]}
        if read_only:
            page = site.store.find(path.encode(), compressed=bool(encoding))
            body = page and page.body
        else:
            body = site.get(path, HTTP_ACCEPT_ENCODING=encoding).body
        if body:
            text = store_module.gzip.decompress(body) if encoding else body
            for shown in text.decode().split():
                assert int(shown[1:]) >= owed[shown[0]], f"{path} shows {text}, owed {owed}"

    def write(self, row: str, paths: list[str], site: Site) -> None:
        step("commit")
        entry = self.database.commit(row, paths)
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

    # --- what may happen --------------------------------------------------------------------------------------------------------------

    def act(self, work) -> None:
        self.actors.append(Actor(work))

    @property
    def alive(self) -> list[Actor]:
        self.actors = [actor for actor in self.actors if not actor.done]
        return self.actors

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule(path=st.sampled_from(sorted(PATHS)), encoding=st.sampled_from(["", "gzip"]), where=st.integers(0, 1), ready=st.booleans())
    def somebody_asks(self, path: str, encoding: str, where: int, ready: bool) -> None:
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.look(site, path, encoding, read_only=ready))

    @precondition(lambda self: len(self.alive) < AT_ONCE)
    @rule(row=st.sampled_from("ab"), site_wide=st.integers(0, 5), where=st.integers(0, 1))
    def somebody_writes(self, row: str, site_wide: int, where: int) -> None:
        paths = SHOWS_ON[row] if site_wide else SITE_WIDE
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.write(row, paths, site))

    @precondition(lambda self: len(self.alive) < AT_ONCE - 1)
    @rule(path=st.sampled_from(sorted(PATHS)), name=st.sampled_from(STEPS), more=st.integers(0, 3), where=st.integers(0, 1))
    def a_write_happens_while_somebody_asks(self, path: str, name: str, more: int, where: int) -> None:
        """Nothing that could not come about by the other rules; but it is what matters, and comes about seldom."""
        site = self.sites[where % len(self.sites)]
        self.act(lambda: self.look(site, path, "", read_only=False))
        reader = self.actors[-1]
        reader.advance_to(name)
        for _step in range(more):
            reader.advance()
        self.act(lambda: self.write("a", SHOWS_ON["a"], self.sites[0]))
        self.actors[-1].advance_to("the end", at_most=300)

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
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # what fails is long to shrink, and short to read as it is
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(PageStoreModel, settings=bounds)

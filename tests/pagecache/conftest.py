import pytest

from articles.models import Topic
from ictiger.pagecache import invalidation
from ictiger.pagecache import store as store_module
from ictiger.pagecache.store import Store, get_store
from tests.factories import make_topic

from . import recorder as recorder_module
from . import store_urls
from .site import Site
from .stepping import SteppingOs


@pytest.fixture
def recorder(settings, monkeypatch):
    """Purges are recorded, none is carried out; `recorder.purged` is a list of lists of paths."""
    settings.PAGE_CACHE_BACKENDS = ["tests.pagecache.recorder.record_purge"]
    for name in ("purged", "row_counts", "errors"):
        monkeypatch.setattr(recorder_module, name, [])
    return recorder_module


@pytest.fixture
def topic(db, monkeypatch, django_capture_on_commit_callbacks) -> Topic:
    """A topic that, for these tests, shows on one page alone: /topics/<slug>/."""
    monkeypatch.setitem(invalidation.providers, Topic, [lambda topic: [f"/topics/{topic.slug}/"]])
    with django_capture_on_commit_callbacks(execute=True):
        return make_topic("patents")


@pytest.fixture
def store(tmp_path, settings) -> Store:
    """An empty page store that every write purges."""
    settings.PAGE_STORE = str(tmp_path / "pages")
    settings.PAGE_CACHE_BACKENDS = ["ictiger.pagecache.store.purge_store"]
    return get_store()


@pytest.fixture
def site(store, settings, monkeypatch, keep_connection) -> Site:
    """The pages of `store_urls.py` behind that store; a topic shows on /notes/<slug>/ and on every list."""
    settings.ROOT_URLCONF = "tests.pagecache.store_urls"
    settings.CSRF_FAILURE_VIEW = "tests.pagecache.store_urls.refused"
    monkeypatch.setitem(
        invalidation.providers, Topic, [lambda topic: [f"/notes/{topic.slug}/", "/", "/page/**", "/timed/"]]
    )
    monkeypatch.setattr(store_urls, "deadlines", [])
    monkeypatch.setattr(store_urls, "requests", [])
    return Site(store)


@pytest.fixture
def note(db, site, django_capture_on_commit_callbacks) -> Topic:
    """The row behind /notes/a/, named "first"."""
    with django_capture_on_commit_callbacks(execute=True):
        return make_topic("a", name_en="first")


@pytest.fixture
def calls(monkeypatch) -> list[tuple]:
    """The store's calls of the operating system, in order."""
    log: list[tuple] = []
    monkeypatch.setattr(store_module, "os", SteppingOs(log))
    return log

import pytest

from articles.models import Topic
from ictiger.delivery import paths
from tests.delivery import recorder
from tests.factories import make_topic


@pytest.fixture
def keeper(settings, monkeypatch):
    """Purges are recorded, none is carried out; `keeper.purged` is a list of lists of paths."""
    settings.PAGE_KEEPERS = ["tests.delivery.recorder.keep"]
    for name in ("purged", "rows_meanwhile", "fault"):
        monkeypatch.setattr(recorder, name, [])
    return recorder


@pytest.fixture
def topic(db, monkeypatch, django_capture_on_commit_callbacks) -> Topic:
    """A topic that, for these tests, shows on one page alone: /topics/<slug>/."""
    monkeypatch.setitem(paths._providers, Topic, [lambda topic: [f"/topics/{topic.slug}/"]])
    with django_capture_on_commit_callbacks(execute=True):
        return make_topic("patents")

"""A small site of version 1.0.0 restored into this release, on SQLite and, with DATABASE_URL, PostgreSQL.

`data/1.0.0-*.tar.gz` are backups that version 1.0.0 made with `manage.py backup`: two articles that are
translations of each other, an old address, a cover, a page, a comment in every state, a reply, a draft, a
report, a ban, a claim, a mute, a blocked phrase and four mails. They stay as they are; later releases have to
read them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ictiger.testbed.site import temporary_database

from .site import Site
from .test_backup import postgresql_url

BACKUPS = Path(__file__).parent / "data"
READ_THE_SITE = """
import json
from collections import Counter
from django.test import Client
from articles.models import Article, SlugRedirect
from comments.models import Ban, BlockedPhrase, Claim, Comment, CommentDraft
from comments.models import Report, SiteCommentSettings, ThreadMute
from ictiger.mail.models import Mail
client = Client(SERVER_NAME="publication.test")
def get(path):
    response = client.get(path, secure=True)
    return [response.status_code, response.get("Location", ""), response.content.decode()]
models = (Article, SlugRedirect, Comment, CommentDraft, Report, Ban, BlockedPhrase, Claim, ThreadMute, Mail)
rows = {model.__name__: model.objects.count() for model in models}
print(json.dumps({
    "rows": rows,
    "states": Counter(Comment.objects.values_list("state", flat=True)),
    "notice": SiteCommentSettings.objects.get().notice_en,
    "article": get("/articles/first-article/"),
    "old address": get("/articles/first/"),
    "chinese": get("/zh-hans/articles/第一篇/"),
    "page": get("/about/"),
}))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, tmp_path: Path) -> Iterator[Site]:
    """The site of 1.0.0, restored and migrated by the commands of this release."""
    backup = str(BACKUPS / f"1.0.0-{request.param}.tar.gz")
    if request.param == "sqlite":
        site = Site(tmp_path)
        site.manage("restore", backup, "--yes")
        site.manage("migrate", "--verbosity=0")
        yield site
        return
    with temporary_database(postgresql_url()) as database_url:
        site = Site(tmp_path, DATABASE_URL=database_url)
        site.manage("restore", backup, "--yes")
        site.manage("migrate", "--verbosity=0")
        yield site


READ_THE_TEXTS = """
import json
from django.test import Client
from articles.models import Article, Page
from articles.rerender import count_outdated
client = Client(SERVER_NAME="publication.test")
entries = client.get("/feed/", secure=True).content.decode().split("<entry")[1:]
tags = ("id", "published", "updated")
columns = "slug body status publish_at expires_at updated_at draft__body draft__updated_at".split()
print(json.dumps({
    "old": count_outdated(),
    "status": client.get("/status").json()["texts"],
    "rows": [[str(value) for value in row] for row in Article.objects.order_by("pk").values_list(*columns)],
    "revisions": [Page.history.count(), Article.objects.get(slug="first-article").draft.history.count()],
    "entries": [[entry.split(f"<{tag}>")[1].split("<")[0] for tag in tags] for entry in entries],
}))
"""


def read_texts(site: Site) -> dict:
    return json.loads(site.python(READ_THE_TEXTS).splitlines()[-1])


def test_texts_of_1_0_0_are_old_until_they_are_rendered(upgraded):
    before = read_texts(upgraded)
    assert before["old"] == before["status"]["old"] > 0
    assert before["entries"]

    report = upgraded.manage("render", "--dry-run").stdout
    assert "/articles/first-article/" in report
    assert read_texts(upgraded) == before
    upgraded.manage("render")

    after = read_texts(upgraded)
    assert (after["old"], after["status"]) == (0, {"old": 0})
    for unchanged in ("rows", "revisions", "entries"):
        assert after[unchanged] == before[unchanged]


def test_site_of_1_0_0_is_complete_after_the_upgrade(upgraded):
    upgraded.manage("collectstatic", "--noinput", "--verbosity=0")
    found = json.loads(upgraded.python(READ_THE_SITE).splitlines()[-1])

    assert found["rows"] == {
        "Article": 3,
        "SlugRedirect": 1,
        "Comment": 8,
        "CommentDraft": 1,
        "Report": 1,
        "Ban": 1,
        "BlockedPhrase": 1,
        "Claim": 1,
        "ThreadMute": 1,
        "Mail": 4,
    }
    assert found["states"] == {"visible": 3, "pending": 2, "unverified": 1, "rejected": 1, "removed": 1}
    assert found["notice"] == "We are open."
    status, _location, page = found["article"]
    assert status == 200
    for text in ("The first article", "A comment that is visible.", "A reply.", 'id="discussion"', "A note."):
        assert text in page
    assert "A comment that is pending." not in page
    assert found["old address"][:2] == [301, "/articles/first-article/"]
    assert (found["chinese"][0], "第一篇文章" in found["chinese"][2]) == (200, True)
    assert (found["page"][0], "Text." in found["page"][2]) == (200, True)
    assert (upgraded.var / "media" / "images").is_dir()

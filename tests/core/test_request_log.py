"""The log: one line a request, with an id, without anything that lets a reader of the log in."""

import json
import logging

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator

from ictiger.core import request_log
from tests.factories import make_article


@pytest.fixture
def told(caplog):
    """What the log was told, as `told.records`."""
    caplog.set_level(logging.INFO, "ictiger.access")
    caplog.handler.addFilter(request_log.AddRequestId())
    return caplog


def as_written(record: logging.LogRecord) -> dict:
    """The line of the log, as production has it."""
    handler = next(
        handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler
    )
    line = handler.format(record)
    assert "\n" not in line
    return json.loads(line)


@pytest.mark.django_db
def test_each_request_is_one_line_of_json(client, told):
    make_article(slug="专利")
    client.get("/articles/专利/?utm_source=secret")
    line = as_written(told.records[-1])
    assert line["time"].endswith("+00:00")
    assert line["ms"] > 0
    assert {key: line[key] for key in ("level", "logger", "message", "method", "path", "view", "status")} == {
        "level": "INFO",
        "logger": "ictiger.access",
        "message": "GET /articles/专利/ 200",
        "method": "GET",
        "path": "/articles/专利/",
        "view": "articles:article",
        "status": 200,
    }
    assert "secret" not in json.dumps(line)


@pytest.mark.django_db
def test_answer_and_log_bear_the_same_id_and_pages_bear_none(client, told):
    answer = client.get("/search/")
    assert len(answer.headers["X-Request-ID"]) == 32
    assert as_written(told.records[-1])["request_id"] == answer.headers["X-Request-ID"]
    assert "X-Request-ID" not in client.get("/").headers


@pytest.mark.django_db
def test_records_of_one_request_share_its_id(client, monkeypatch):
    ids = []
    monkeypatch.setattr(
        "articles.views.page_links", lambda *_a, **_k: ids.append(request_log.request_id.get()) or 1 / 0
    )
    client.raise_request_exception = False
    answer = client.get("/zh-hans/")
    assert answer.status_code == 500
    assert ids == [answer.headers["X-Request-ID"]]
    assert f"<code>{ids[0]}</code>" in answer.content.decode()
    assert request_log.request_id.get() == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "0123456789abcdef", True),
        (0, "0123456789abcdef", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'a"b {"level": "INFO"}', False),
    ],
)
def test_id_is_taken_from_our_own_proxy_alone(client, settings, proxies, given, taken):
    settings.TRUSTED_PROXY_COUNT = proxies
    assert (client.get("/search/", headers={"x-request-id": given}).headers["X-Request-ID"] == given) == taken


@pytest.mark.django_db
def test_keys_in_paths_are_not_told(client, told, reader):
    for path in (
        "/accounts/confirm-email/SECRETKEY/",
        "/accounts/confirm-email/SECRETKEY",
        f"/accounts/password/reset/key/{reader.pk}-{default_token_generator.make_token(reader)}/",
        "/preview/SECRETKEY/",
        "/comments/unsubscribe/SECRETKEY/",
        "/zh-hans/comments/unsubscribe/SECRETKEY",
    ):
        client.get(path)
        line = json.dumps(as_written(told.records[-1]), ensure_ascii=False)
        assert "…" in line
        assert path.rstrip("/").rpartition("/")[2].rpartition("-")[2] not in line


@pytest.mark.django_db
def test_what_leads_nowhere_is_told_as_it_was_asked_in_bounds(client, told):
    client.get(f"/nowhere/{'x' * 1_000}\n/")
    line = as_written(told.records[-1])
    assert line["path"].startswith("/nowhere/xxx")
    assert len(line["path"]) == request_log.MAX_LOGGED_PATH


@pytest.mark.django_db
def test_watchers_are_told_only_when_something_is_wrong(client, told, monkeypatch):
    client.get("/healthz")
    assert not told.records
    monkeypatch.setattr("ictiger.health.pending_migrations", lambda: ["articles.0009_next"])
    client.get("/readyz")
    (once,) = told.records
    assert as_written(once)["level"] == "ERROR"
    assert once.request_id


def test_fault_is_one_line_with_its_traceback():
    record = logging.LogRecord("ictiger.jobs", logging.ERROR, __file__, 1, "mail failed", None, None)
    try:
        raise ValueError("第一\n第二")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    line = as_written(record)
    assert line["message"] == "mail failed"
    assert line["traceback"].endswith("ValueError: 第一\n第二")


def test_log_comes_first_so_that_refusals_are_told():
    assert settings.MIDDLEWARE[0] == "ictiger.core.request_log.RequestLogMiddleware"


@pytest.mark.django_db
def test_path_forges_no_line_and_commands_no_terminal(client, told):
    client.get("/a%0a2026%20ERROR%1b[31m%c2%9b31m%e2%80%ae/%E6%96%87/")
    assert as_written(told.records[-1])["path"] == r"/a\n2026 ERROR\x1b[31m\x9b31m\u202e/文/"

"""The access log: one line for each request, with an id, without keys that give access."""

import json
import logging

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator

from accounts.verification.addresses import link_key
from ictiger.core import request_log
from tests.factories import make_article


@pytest.fixture
def access_log(caplog):
    """The access log's records, as `access_log.records`."""
    caplog.set_level(logging.INFO, "ictiger.access")
    caplog.handler.addFilter(request_log.AddRequestId())
    return caplog


def json_line(record: logging.LogRecord) -> dict:
    """The record as production writes it."""
    handler = next(
        handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler
    )
    line = handler.format(record)
    assert "\n" not in line
    return json.loads(line)


@pytest.mark.django_db
def test_each_request_is_one_line_of_json(client, access_log):
    make_article(slug="专利")
    client.get("/articles/专利/?utm_source=secret")
    line = json_line(access_log.records[-1])
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
def test_response_and_log_share_an_id_and_public_pages_have_none(client, access_log):
    response = client.get("/search/")
    assert len(response.headers["X-Request-ID"]) == 32
    assert json_line(access_log.records[-1])["request_id"] == response.headers["X-Request-ID"]
    assert "X-Request-ID" not in client.get("/").headers


@pytest.mark.django_db
def test_records_of_one_request_share_its_id(client, monkeypatch):
    ids = []
    monkeypatch.setattr(
        "articles.views.page_links", lambda *_a, **_k: ids.append(request_log.request_id.get()) or 1 / 0
    )
    client.raise_request_exception = False
    response = client.get("/zh-hans/")
    assert response.status_code == 500
    assert ids == [response.headers["X-Request-ID"]]
    assert f"<code>{ids[0]}</code>" in response.content.decode()
    assert request_log.request_id.get() == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "incoming", "is_used"),
    [
        (1, "0123456789abcdef", True),
        (0, "0123456789abcdef", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'a"b {"level": "INFO"}', False),
    ],
)
def test_incoming_id_is_used_only_behind_our_own_proxy(client, settings, proxies, incoming, is_used):
    settings.TRUSTED_PROXY_COUNT = proxies
    assert (
        client.get("/search/", headers={"x-request-id": incoming}).headers["X-Request-ID"] == incoming
    ) == is_used


@pytest.mark.django_db
def test_keys_in_paths_are_not_logged(client, access_log, reader):
    for path in (
        "/accounts/confirm-email/SECRETKEY/",
        "/accounts/confirm-email/SECRETKEY",
        f"/accounts/password/reset/key/{reader.pk}-{default_token_generator.make_token(reader)}/",
        "/preview/SECRETKEY/",
        "/comments/unsubscribe/SECRETKEY/",
        "/zh-hans/comments/unsubscribe/SECRETKEY",
    ):
        client.get(path)
        line = json.dumps(json_line(access_log.records[-1]), ensure_ascii=False)
        assert "…" in line
        assert path.rstrip("/").rpartition("/")[2].rpartition("-")[2] not in line


@pytest.mark.django_db
def test_unmatched_path_is_logged_up_to_a_bound(client, access_log):
    client.get(f"/nowhere/{'x' * 1_000}\n/")
    line = json_line(access_log.records[-1])
    assert line["path"].startswith("/nowhere/xxx")
    assert len(line["path"]) == request_log.MAX_LOGGED_PATH


@pytest.mark.django_db
def test_health_requests_are_logged_only_on_errors(client, access_log, monkeypatch):
    client.get("/healthz")
    assert not access_log.records
    monkeypatch.setattr("ictiger.health.pending_migrations", lambda: ["articles.0009_next"])
    client.get("/readyz")
    (record,) = access_log.records
    assert json_line(record)["level"] == "ERROR"
    assert record.request_id


def test_exception_is_one_line_with_its_traceback():
    record = logging.LogRecord("ictiger.jobs", logging.ERROR, __file__, 1, "mail failed", None, None)
    try:
        raise ValueError("第一\n第二")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    line = json_line(record)
    assert line["message"] == "mail failed"
    assert line["traceback"].endswith("ValueError: 第一\n第二")


def test_log_middleware_comes_first_so_that_refusals_are_logged():
    assert settings.MIDDLEWARE[0] == "ictiger.core.request_log.RequestLogMiddleware"


@pytest.mark.django_db
def test_logged_path_contains_no_control_characters(client, access_log):
    client.get("/a%0a2026%20ERROR%1b[31m%c2%9b31m%e2%80%ae/%E6%96%87/")
    assert json_line(access_log.records[-1])["path"] == r"/a\n2026 ERROR\x1b[31m\x9b31m\u202e/文/"


@pytest.mark.django_db
def test_keys_are_not_logged_in_paths_that_match_nothing(client, access_log, reader):
    key = link_key(reader.emailaddress_set.get())
    uid_and_token = f"5-{default_token_generator.make_token(reader)}"
    for path in (f"/en/preview/{key}/", f"/old/confirm-email/{key}", f"/somewhere/{uid_and_token}/x.html"):
        assert client.get(path).status_code == 404
        assert key not in access_log.records[-1].path
        assert uid_and_token not in access_log.records[-1].path
        assert "…" in access_log.records[-1].path
    client.get("/articles/how-to-read-a-very-long-claim-in-a-patent-of-2026/no/such/page")
    assert "how-to-read-a-very-long-claim-in-a-patent-of-2026" in access_log.records[-1].path

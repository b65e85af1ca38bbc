"""The WSGI wrapper's storing: what is stored and for how long, one render at a time, and disk errors."""

import logging
import os
from datetime import UTC, datetime
from threading import Barrier, Thread
from time import monotonic, sleep

import pytest
import time_machine
from django.http import HttpResponse

from ictiger.pagecache import store as store_module
from ictiger.pagecache import wsgi as wsgi_module

from . import store_urls
from .site import Site
from .test_store_files import FailingOs, stored_files

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("how", ["missing", "moved", "streamed", "empty", "text", "robots", "policy"])
def test_marked_responses_that_are_not_storable_pass_unchanged(site, note, how, caplog):
    caplog.set_level(logging.CRITICAL, "ictiger.delivery")
    unwrapped = site.get(f"/odd/{how}/", past_store=True)
    assert site.get(f"/odd/{how}/") == unwrapped
    assert site.get(f"/odd/{how}/") == unwrapped
    assert len(site.entered) == 2
    assert set(stored_files(site.store)) == set()


def test_page_made_personal_by_a_middleware_is_not_stored(site, note, settings, caplog):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.pagecache.site.personal"]
    for header in ("Set-Cookie", "Vary"):
        personal = Site(site.store)
        response = personal.get("/notes/a/", SERVER_SOFTWARE=header)
        assert header in response.headers
        assert set(stored_files(site.store)) == set()
    assert caplog.text.count("is marked public and cannot be stored") == 2


def test_numbers_with_leading_zeros_are_not_stored(site, note):
    assert site.get("/page/0002/").status == 200
    assert set(stored_files(site.store)) == set()


def test_missing_pages_leave_nothing_on_disk(site, note):
    for number in range(30):
        assert site.get(f"/notes/none-{number}/").status == 404
    assert os.listdir(site.store.leases) == []


def clock_at(second: float):
    return time_machine.travel(datetime.fromtimestamp(1_000_000 + second, UTC), tick=False)


def test_expiring_page_is_rendered_again_when_it_expires(site, note):
    store_urls.deadlines.append(datetime.fromtimestamp(1_000_010, UTC))
    with clock_at(0):
        site.get("/timed/")
    with clock_at(9.999):
        site.get("/timed/")
    assert len(site.entered) == 1
    with clock_at(10):
        site.get("/timed/")
    assert len(site.entered) == 2


def test_page_that_expired_during_its_render_is_rendered_for_the_next_request(site, note):
    store_urls.deadlines.append(datetime.fromtimestamp(1_000_010, UTC))
    with clock_at(10):
        site.get("/timed/")
        site.get("/timed/")
    assert len(site.entered) == 2


def request_in_threads(site: Site, path: str, count: int) -> list:
    """`count` requests at the same time. `site.django` must need no database."""
    responses, start = [], Barrier(count)

    def request() -> None:
        start.wait()
        responses.append(site.get(path))

    threads = [Thread(target=request) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return responses


def slow_application(seconds: float):
    """An application that takes `seconds` to render a page."""

    def application(environ, start_response):
        sleep(seconds)
        response = HttpResponse("page", headers={"Content-Language": "en"})
        response.public_page = True
        start_response("200 OK", list(response.items()))
        return response

    return application


def test_sixty_simultaneous_requests_lead_to_one_render(site):
    site.django = slow_application(0.2)
    responses = request_in_threads(site, "/notes/a/", 60)
    assert [response.status for response in responses] == [200] * 60
    assert len({response.body for response in responses}) == 1
    assert len(site.entered) == 1


def test_requests_wait_for_a_render_and_are_then_served_unstored(site, monkeypatch):
    monkeypatch.setattr(wsgi_module, "RENDER_WAIT", 0.1)
    site.django = slow_application(0.4)
    lock = site.store.lock(b"/notes/a/")
    started = monotonic()
    assert site.get("/notes/a/").status == 200
    assert 0.5 <= monotonic() - started < 2
    assert site.store.find(b"/notes/a/", compressed=False) is None
    os.close(lock)


def test_stored_page_is_served_while_its_lock_is_held(site, note):
    site.get("/notes/a/")
    lock = site.store.lock(b"/notes/a/")
    assert site.get("/notes/a/").status == 200
    assert len(site.entered) == 1
    os.close(lock)


@pytest.mark.parametrize("call", ["open", "makedirs", "rename", "utime"])
@pytest.mark.parametrize("errno", [28, 30, 13, 5])
def test_pages_are_served_unstored_when_the_disk_fails(site, note, monkeypatch, caplog, call, errno):
    monkeypatch.setattr(store_module, "os", FailingOs(**{call: OSError(errno, "the disk fails")}))
    responses = [site.get("/notes/a/") for _ in range(3)]
    assert [response.status for response in responses] == [200, 200, 200]
    assert len(site.entered) == 3
    assert caplog.text.count("the page store cannot store") == 1  # once, not for each request


def test_store_is_used_again_when_the_disk_works(site, note, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL, "ictiger.delivery")
    with monkeypatch.context() as full_disk:
        full_disk.setattr(store_module, "os", FailingOs(open=OSError(28, "full")))
        site.get("/notes/a/")
    site.get("/notes/a/")
    assert set(stored_files(site.store)) == set()
    site.wrapper.disk_retry_at = 0
    site.get("/notes/a/")
    assert site.store.find(b"/notes/a/", compressed=False) is not None


@pytest.mark.parametrize("past_store", [False, True])
def test_redirect_of_a_public_view_keeps_the_query(site, note, past_store):
    response = site.get("/odd/moved/", past_store=past_store, QUERY_STRING="utm=a%20b&x=\xe4\r\nX: y")
    assert (response.status, response.headers["Location"]) == (
        301,
        "/notes/a/?utm=a%20b&x=%E4%0D%0AX:%20y",
    )

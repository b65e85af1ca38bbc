"""nginx with the shipped configuration in front of the real server: the responses are the same as without
it.
"""

import gzip
import json
import re
import shutil
import socket
from contextlib import ExitStack

import pytest

from ictiger.pagecache.headers import security_headers
from ictiger.testbed import nginx
from ictiger.testbed.site import free_port

from .conftest import site_file
from .site import HOST, fetch, is_ready, send_raw, wait_for

PER_SERVER_HEADERS = {"server", "date", "connection", "transfer-encoding"}
PAGES = {
    "/": "text/html; charset=utf-8",
    "/zh-hans/": "text/html; charset=utf-8",
    "/articles/claims/": "text/html; charset=utf-8",
    "/feed/": "application/atom+xml; charset=utf-8",
    "/zh-hans/feed/": "application/atom+xml; charset=utf-8",
}


def comparable(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers of a page, with the directives of its content policy in order."""
    page_headers = {name: value for name, value in headers.items() if name not in PER_SERVER_HEADERS}
    policy = page_headers["content-security-policy"]
    page_headers["content-security-policy"] = "; ".join(sorted(policy.split("; ")))
    return page_headers


@pytest.fixture
def stored(front):
    """Request a page, so that it is stored."""

    def store(path: str) -> None:
        assert fetch(front.port, path)[0] == 200
        folder = front.pages / path.strip("/")
        assert [name for name in ("index.html", "index.atom") if (folder / name).exists()]

    return store


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_nginx_and_the_server_send_the_same_stored_page(front, stored, path, coding):
    stored(path)
    nginx_response = fetch(front.port, path, Accept_Encoding=coding)
    direct_response = fetch(front.direct_port, path, Accept_Encoding=coding, X_Forwarded_Proto="https")
    assert nginx_response[1]["server"] == "nginx"
    assert comparable(nginx_response[1]) == comparable(direct_response[1])
    assert (nginx_response[0], nginx_response[2]) == (direct_response[0], direct_response[2])
    assert nginx_response[1]["content-type"] == PAGES[path]
    assert nginx_response[1].get("content-encoding") == ("gzip" if coding == "gzip" else None)
    assert b"ICTiger" in (gzip.decompress(nginx_response[2]) if coding == "gzip" else nginx_response[2])


def test_stored_page_is_served_without_the_server(front, stored):
    stored("/about/")
    page = front.pages / "about" / "index.html"
    text = page.read_bytes()
    try:
        page.write_bytes(b"from the file")
        assert fetch(front.port, "/about/")[2] == b"from the file"
    finally:
        page.unlink()
    assert fetch(front.port, "/about/")[2] == text


def test_page_is_not_sent_again_to_a_client_that_has_it(front, stored):
    stored("/about/")
    tag = fetch(front.port, "/about/")[1]["etag"]
    for condition in (tag, f"W/{tag}", f'"x", {tag}'):
        status, headers, body = fetch(front.port, "/about/", If_None_Match=condition)
        assert (status, headers["etag"], body) == (304, tag, b"")
        assert "content-security-policy" in headers
    assert fetch(front.port, "/about/", If_None_Match='"x"')[0] == 200


def test_stored_page_has_no_date(front, stored):
    """The file's mtime is computed from its content and is no date."""
    stored("/about/")
    status, headers, _body = fetch(front.port, "/about/", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
    assert status == 200
    assert not headers.keys() & {"last-modified", "accept-ranges", "expires"}


def test_head_of_a_stored_page_has_its_headers_and_no_body(front, stored):
    stored("/about/")
    status, headers, body = fetch(front.port, "/about/", "HEAD")
    assert (status, body) == (200, b"")
    assert headers == fetch(front.port, "/about/")[1] | {"date": headers["date"]}


def test_stored_page_is_served_to_no_other_method(front, stored):
    stored("/about/")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _body = fetch(front.port, "/about/", method)
        assert status in (403, 405), method
        assert "etag" not in headers


def test_static_file_is_cached_forever_and_sent_compressed(front):
    page = fetch(front.port, "/about/")[2].decode()
    name = re.search(r"/static/css/site/bundle\.[0-9a-f]{12}\.css", page)[0]
    status, headers, body = fetch(front.port, name, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"], headers["content-type"]) == (
        200,
        "gzip",
        "text/css; charset=utf-8",
    )
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(body) == fetch(front.port, name)[2]
    assert fetch(front.port, "/static/css/site/bundle.css")[1]["cache-control"] == "max-age=60, public"
    assert b"There is no page here" in fetch(front.port, "/static/nothing.css")[2]
    assert fetch(front.port, "/static/errors/en/502.html")[0] == 404


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("a.webp", "image/webp", None),
        ("a.JPG", "image/jpeg", None),
        ("a.svg", "application/octet-stream", "attachment"),
        ("a.html", "application/octet-stream", "attachment"),
        ("a", "application/octet-stream", "attachment"),
    ],
)
def test_only_pictures_are_shown_from_media(front, name, kind, disposition):
    file = front.site.var / "media" / "images" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"<script>alert(1)</script>")
    status, headers, _body = fetch(front.port, f"/media/images/{name}")
    assert (status, headers["content-type"], headers.get("content-disposition")) == (200, kind, disposition)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_files_and_error_pages_have_the_security_headers_of_pages(front):
    page = comparable(fetch(front.port, "/about/")[1])
    safety = {name for name, _value in security_headers(True)}
    name = re.search(r"/static/css/site/bundle\.[0-9a-f]{12}\.css", fetch(front.port, "/about/")[2].decode())[
        0
    ]
    (front.site.var / "media").mkdir(exist_ok=True)
    (front.site.var / "media" / "a.png").write_bytes(b"a")
    headers_by_request = {}
    refused = [
        "GET /%",
        "TRACE /about/",
        f"TRACE {name}",
        "GET /about/ HTTP/9.9",
        'GET /about/ HTTP/1.1\r\nIf-Match: "x"',
        "GET /static/errors/",
    ]
    for line in (f"GET {name}", "GET /media/a.png", *refused):
        request = line if "HTTP/" in line else f"{line} HTTP/1.1"
        response = send_raw(front.port, f"{request}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        headers = response.partition(b"\r\n\r\n")[0].decode().splitlines()[1:]
        pairs = (header.split(": ", 1) for header in headers)
        headers_by_request[line] = {key.lower(): value for key, value in pairs}
        assert b"<center>" not in response, line
    del headers_by_request["GET /media/a.png"]["content-security-policy"]  # it has a stricter one
    for line, headers in headers_by_request.items():
        compared = comparable({"content-security-policy": page["content-security-policy"]} | headers)
        assert {key: compared.get(key) for key in map(str.lower, safety)} == {
            key: page[key] for key in map(str.lower, safety)
        }, line


def test_client_address_is_taken_from_the_proxy_in_front_of_nginx(site, live, require_nginx):
    site.manage("collectstatic", "--no-input", "--verbosity=0")  # as a server does when it starts
    site.python("from ictiger.ops.error_pages import write_error_pages; write_error_pages()")
    port = free_port()
    request = (
        f"GET /status HTTP/1.1\r\nHost: {HOST}\r\n"
        "X-Forwarded-For: 127.0.0.1, {}\r\nConnection: close\r\n\r\n"
    )
    with nginx.running_nginx(site_file(site, live, port, "--behind=127.0.0.0/8"), port=port):
        assert send_raw(port, request.format("192.0.2.7").encode()).startswith(b"HTTP/1.1 403")
        # This client may see /status, but no server runs.
        assert send_raw(port, request.format("127.0.0.1").encode()).startswith(b"HTTP/1.1 502")


def test_status_is_for_this_machine_only(front):
    request = f"GET /status HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    assert b'"status":' in send_raw(front.port, request)
    refused = send_raw(front.port, request, source="127.0.0.2")
    assert refused.startswith(b"HTTP/1.1 403")
    assert b"This is not open to you" in refused


def test_connection_for_an_unknown_host_is_closed(front):
    assert send_raw(front.port, b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n") == b""


def test_requests_refused_by_nginx_get_ictigers_error_pages(front):
    many_cookies = f"GET /about/ HTTP/1.1\r\nHost: {HOST}\r\nCookie: {'x' * 32_768}\r\n\r\n".encode()
    assert b"Mostly it is too many cookies" in send_raw(front.port, many_cookies)
    assert b"This request could not be read" in send_raw(front.port, b"GET /" + b"a" * 40_000)
    large = f"POST /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900000000\r\n\r\n".encode()
    response = send_raw(front.port, large)
    assert response.startswith(b"HTTP/1.1 413")
    assert b"larger than anything we take in" in response
    assert b"nginx/" not in response


def test_request_id_is_the_same_in_both_logs(front):
    fetch(front.port, "/nothing/?q=number", X_Request_ID="forged")
    fetch(front.port, "/search/?q=number", X_Request_ID="forged")
    log = front.nginx.folder / "access.log"
    lines = wait_for(
        lambda: (
            lines
            if len(lines := [line for line in log.read_text().splitlines() if "q=number" in line]) == 2
            else None
        )
    )
    logs = "".join(path.read_text() for path in front.site.var.glob("serve-*.log"))
    for line in lines:
        number = line.split()[-1]
        assert len(number) == 32
        assert number in logs
    assert "forged" not in logs


def test_server_log_is_json_after_the_first_line(front):
    for log in front.site.var.glob("serve-*.log"):
        first_line, *lines = [
            line for line in log.read_text().splitlines() if not line.startswith("Collecting static files")
        ]
        assert first_line.startswith("Serving ")
        assert {"_granian"} <= {json.loads(line)["logger"] for line in lines}
        assert "Python threads" not in log.read_text()


def test_access_log_holds_no_secret_link(front):
    fetch(front.port, "/preview/a-secret/")
    fetch(front.port, "/zh-hans/accounts/confirm-email/a-secret/")
    wait_for(lambda: "/accounts/confirm-email/***" in (front.nginx.folder / "access.log").read_text())
    log = (front.nginx.folder / "access.log").read_text()
    assert "/preview/***" in log
    assert "a-secret" not in log


def test_client_that_posts_too_fast_gets_429(populated_site, front):
    """With a second nginx that has the default limits."""
    port = free_port()
    conf = site_file(populated_site, front.live, port, "--writes=5", "--writes-burst=3", "--logins-burst=1")
    with nginx.running_nginx(conf, port=port):
        responses = [fetch(port, "/articles/claims/comments/", "POST") for _write in range(8)]
        assert [status for status, _headers, _body in responses[:4]] == [403] * 4
        assert responses[-1][0] == 429
        assert "your browser should still have your text" in responses[-1][2].decode()
        assert {fetch(port, "/about/")[0] for _read in range(50)} == {200}


def test_slow_bodies_do_not_reach_the_server(front):
    """A dozen of them would occupy all its threads."""
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\n".encode()
    with ExitStack() as connections:
        for _sender in range(24):
            connection = connections.enter_context(
                socket.create_connection(("127.0.0.1", front.port), timeout=10)
            )
            connection.sendall(head + b"a")
        assert fetch(front.port, "/search/?q=patents")[0] == 200


def test_without_the_server_stored_pages_are_served_and_other_requests_get_502(site, live, require_nginx):
    port = free_port()
    with (
        site.serving(f"--live={live}") as server,
        nginx.running_nginx(site_file(site, live, port), port=port),
    ):
        wait_for(lambda: is_ready(port), server=server)
        page = fetch(port, "/about/")
        server.stop()
        assert fetch(port, "/about/")[2] == page[2]
        for path, words in {
            "/search/?q=x": "The site does not answer just now",
            "/zh-hans/search/": "网站暂时没有应答",
        }.items():
            status, headers, body = fetch(port, path)
            assert (status, headers["cache-control"]) == (502, "no-store")
            assert words in body.decode()
        status, headers, body = fetch(port, "/about/", "POST", b"body=x")
        assert status == 502
        assert "your browser should still have your text" in body.decode()
        with site.serving(f"--live={live}") as restarted:
            wait_for(lambda: fetch(port, "/search/?q=x")[0] == 200, server=restarted)


def test_before_the_first_server_nothing_is_said_to_be_gone(site, live, require_nginx):
    """No error page is written yet, no static file collected, no socket made."""
    shutil.rmtree(site.var / "static", ignore_errors=True)
    port = free_port()
    with nginx.running_nginx(site_file(site, live, port), port=port):
        for path in ("/", "/about/", "/zh-hans/x/", "/static/css/x.css", "/media/x.png", "/sitemap.xml"):
            status, headers, _body = fetch(port, path)
            assert (status, headers["cache-control"]) == (503, "no-store"), path

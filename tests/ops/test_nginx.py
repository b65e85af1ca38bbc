"""nginx with the shipped configuration, before the real server: what it serves itself, and that nobody can tell the difference."""

import gzip
import json
import re
import socket
from contextlib import ExitStack

import pytest

from ictiger.pagecache.headers import security_headers
from ictiger.testbed import nginx

from .conftest import site_file
from .site import HOST, ask, end, is_ready, say, wait_for

THEIRS = {"server", "date", "connection", "transfer-encoding"}  # each server's own
PAGES = {
    "/": "text/html; charset=utf-8",
    "/zh-hans/": "text/html; charset=utf-8",
    "/articles/claims/": "text/html; charset=utf-8",
    "/feed/": "application/atom+xml; charset=utf-8",
    "/zh-hans/feed/": "application/atom+xml; charset=utf-8",
}


def comparable(headers: dict[str, str]) -> dict[str, str]:
    """What a page says of itself. The directives of a content policy have no order."""
    own = {name: value for name, value in headers.items() if name not in THEIRS}
    own["content-security-policy"] = "; ".join(sorted(own["content-security-policy"].split("; ")))
    return own


@pytest.fixture
def stored(front):
    """Stores a page by asking for it."""

    def store(path: str) -> None:
        assert ask(front.port, path)[0] == 200
        folder = front.pages / path.strip("/")
        assert [name for name in ("index.html", "index.atom") if (folder / name).exists()]

    return store


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_nginx_and_the_wrapper_send_the_same(front, stored, path, coding):
    stored(path)
    with_nginx = ask(front.port, path, Accept_Encoding=coding)
    without = ask(front.behind, path, Accept_Encoding=coding, X_Forwarded_Proto="https")
    assert with_nginx[1]["server"] == "nginx"
    assert comparable(with_nginx[1]) == comparable(without[1])
    assert (with_nginx[0], with_nginx[2]) == (without[0], without[2])
    assert with_nginx[1]["content-type"] == PAGES[path]
    assert with_nginx[1].get("content-encoding") == ("gzip" if coding == "gzip" else None)
    assert b"ICTiger" in (gzip.decompress(with_nginx[2]) if coding == "gzip" else with_nginx[2])


def test_stored_page_is_not_asked_of_the_server(front, stored):
    """A word in the file is a word in the answer."""
    stored("/about/")
    page = front.pages / "about" / "index.html"
    text = page.read_bytes()
    try:
        page.write_bytes(b"from the file")
        assert ask(front.port, "/about/")[2] == b"from the file"
    finally:
        page.unlink()
    assert ask(front.port, "/about/")[2] == text


def test_page_that_a_reader_has_is_not_sent_again(front, stored):
    stored("/about/")
    tag = ask(front.port, "/about/")[1]["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}'):
        status, headers, body = ask(front.port, "/about/", If_None_Match=known)
        assert (status, headers["etag"], body) == (304, tag, b"")
        assert "content-security-policy" in headers
    assert ask(front.port, "/about/", If_None_Match='"x"')[0] == 200


def test_no_date_stands_for_a_page(front, stored):
    """The file's mtime follows from its content."""
    stored("/about/")
    status, headers, _body = ask(front.port, "/about/", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
    assert status == 200
    assert not headers.keys() & {"last-modified", "accept-ranges", "expires"}


def test_head_of_a_stored_page(front, stored):
    stored("/about/")
    status, headers, body = ask(front.port, "/about/", "HEAD")
    assert (status, body) == (200, b"")
    assert headers == ask(front.port, "/about/")[1] | {"date": headers["date"]}


def test_stored_page_is_served_to_no_other_method(front, stored):
    stored("/about/")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _body = ask(front.port, "/about/", method)
        assert status in (403, 405), method
        assert "etag" not in headers


def test_static_file_is_kept_for_good_and_sent_compressed(front):
    page = ask(front.port, "/about/")[2].decode()
    name = re.search(r"/static/css/site/bundle\.[0-9a-f]{12}\.css", page)[0]
    status, headers, body = ask(front.port, name, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"], headers["content-type"]) == (
        200,
        "gzip",
        "text/css; charset=utf-8",
    )
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(body) == ask(front.port, name)[2]
    assert ask(front.port, "/static/css/site/bundle.css")[1]["cache-control"] == "max-age=60, public"
    assert b"There is no page here" in ask(front.port, "/static/nothing.css")[2]
    assert ask(front.port, "/static/errors/en/502.html")[0] == 404


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
    status, headers, _body = ask(front.port, f"/media/images/{name}")
    assert (status, headers["content-type"], headers.get("content-disposition")) == (200, kind, disposition)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_files_are_as_safe_as_pages(front):
    """And so are nginx's own error pages, on every path."""
    page = comparable(ask(front.port, "/about/")[1])
    safety = {name for name, _value in security_headers(True)}
    name = re.search(r"/static/css/site/bundle\.[0-9a-f]{12}\.css", ask(front.port, "/about/")[2].decode())[0]
    (front.site.var / "media").mkdir(exist_ok=True)
    (front.site.var / "media" / "a.png").write_bytes(b"a")
    own = {}
    refused = [
        "GET /%",
        "TRACE /about/",
        f"TRACE {name}",
        "GET /about/ HTTP/9.9",
        'GET /about/ HTTP/1.1\r\nIf-Match: "x"',
        "GET /static/errors/",
    ]
    for question in (f"GET {name}", "GET /media/a.png", *refused):
        request = question if "HTTP/" in question else f"{question} HTTP/1.1"
        answer = say(front.port, f"{request}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        lines = answer.partition(b"\r\n\r\n")[0].decode().splitlines()[1:]
        own[question] = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        assert b"<center>" not in answer, question
    del own["GET /media/a.png"]["content-security-policy"]  # a stricter one of its own
    for question, headers in own.items():
        told = comparable({"content-security-policy": page["content-security-policy"]} | headers)
        assert {key: told.get(key) for key in map(str.lower, safety)} == {
            key: page[key] for key in map(str.lower, safety)
        }, question


def test_reader_is_counted_by_the_address_that_the_proxy_before_nginx_tells(site, live, nginx_is_there):
    site.manage("collectstatic", "--no-input", "--verbosity=0")  # as a server does when it starts
    site.python("from ictiger.ops.error_pages import write_error_pages; write_error_pages()")
    port = nginx.free_port()
    question = f"GET /status HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 127.0.0.1, {{}}\r\nConnection: close\r\n\r\n"
    with nginx.running_nginx(site_file(site, live, port, "--behind=127.0.0.0/8"), port=port):
        assert say(port, question.format("192.0.2.7").encode()).startswith(b"HTTP/1.1 403")
        assert say(port, question.format("127.0.0.1").encode()).startswith(
            b"HTTP/1.1 502"
        )  # may ask; nobody is there to answer


def test_status_is_for_the_operator_alone(front):
    question = f"GET /status HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    assert b'"status":' in say(front.port, question)
    refused = say(front.port, question, source="127.0.0.2")
    assert refused.startswith(b"HTTP/1.1 403")
    assert b"This is not open to you" in refused


def test_unknown_host_is_hung_up_on(front):
    assert say(front.port, b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n") == b""


def test_what_is_refused_before_the_server_says_so_in_our_words(front):
    many = f"GET /about/ HTTP/1.1\r\nHost: {HOST}\r\nCookie: {'x' * 32_768}\r\n\r\n".encode()
    assert b"Mostly it is too many cookies" in say(front.port, many)
    assert b"This request could not be read" in say(front.port, b"GET /" + b"a" * 40_000)
    large = f"POST /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900000000\r\n\r\n".encode()
    answer = say(front.port, large)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"larger than anything we take in" in answer
    assert b"nginx/" not in answer


def test_number_of_a_request_is_the_same_in_both_logs(front):
    ask(front.port, "/nothing/?q=number", X_Request_ID="forged")
    ask(front.port, "/search/?q=number", X_Request_ID="forged")
    log = front.nginx.folder / "access.log"
    lines = wait_for(
        lambda: (
            found
            if len(found := [line for line in log.read_text().splitlines() if "q=number" in line]) == 2
            else None
        )
    )
    logs = "".join(path.read_text() for path in front.site.var.glob("serve-*.log"))
    for line in lines:
        number = line.split()[-1]
        assert len(number) == 32
        assert number in logs
    assert "forged" not in logs


def test_log_of_the_server_is_json_from_its_first_line_about_itself(front):
    for log in front.site.var.glob("serve-*.log"):
        words, *lines = [
            line for line in log.read_text().splitlines() if not line.startswith("Collecting static files")
        ]
        assert words.startswith("Serving ")
        assert {"_granian"} <= {json.loads(line)["logger"] for line in lines}
        assert "Python threads" not in log.read_text()


def test_log_holds_no_link_that_acts(front):
    ask(front.port, "/preview/a-secret/")
    ask(front.port, "/zh-hans/accounts/confirm-email/a-secret/")
    wait_for(lambda: "/accounts/confirm-email/***" in (front.nginx.folder / "access.log").read_text())
    log = (front.nginx.folder / "access.log").read_text()
    assert "/preview/***" in log
    assert "a-secret" not in log


def test_client_that_writes_too_fast_is_asked_to_wait(furnished, front):
    """A server beside, with the limits as shipped."""
    port = nginx.free_port()
    conf = site_file(furnished, front.live, port, "--writes=5", "--writes-burst=3", "--logins-burst=1")
    with nginx.running_nginx(conf, port=port):
        answers = [ask(port, "/articles/claims/comments/", "POST") for _write in range(8)]
        assert [status for status, _headers, _body in answers[:4]] == [403] * 4
        assert answers[-1][0] == 429
        assert "your browser should still have your text" in answers[-1][2].decode()
        assert {ask(port, "/about/")[0] for _read in range(50)} == {200}


def test_slow_bodies_do_not_reach_the_server(front):
    """A dozen of them would hold every thread of it."""
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\n".encode()
    with ExitStack() as lines:
        for _sender in range(24):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", front.port), timeout=10))
            line.sendall(head + b"a")
        assert ask(front.port, "/search/?q=patents")[0] == 200


def test_server_away_readers_read_and_others_are_told(site, live, nginx_is_there):
    port = nginx.free_port()
    with site.served(f"--live={live}") as server, nginx.running_nginx(site_file(site, live, port), port=port):
        wait_for(lambda: is_ready(port), alive=server)
        page = ask(port, "/about/")
        end(server)
        assert ask(port, "/about/")[2] == page[2]
        for path, words in {
            "/search/?q=x": "The site does not answer just now",
            "/zh-hans/search/": "网站暂时没有应答",
        }.items():
            status, headers, body = ask(port, path)
            assert (status, headers["cache-control"]) == (502, "no-store")
            assert words in body.decode()
        status, headers, body = ask(port, "/about/", "POST", b"body=x")
        assert status == 502
        assert "your browser should still have your text" in body.decode()
        with site.served(f"--live={live}") as again:
            wait_for(lambda: ask(port, "/search/?q=x")[0] == 200, alive=again)

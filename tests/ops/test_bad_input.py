"""Requests that no browser sends, as raw bytes to nginx and to `serve`.

They are refused or answered correctly, and the page store stays as it was.
"""

import re
from urllib.parse import quote

import pytest

from .site import HOST, fetch, send_raw

CLEAN = ["/", "/zh-hans/", "/articles/claims/", "/about/", "/feed/"]
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
EVIL_LINK = re.compile(rb'(?i)(?:"|https?:)//?evil|\nlocation: [^\r]*evil')
LONG_SLUG = quote("翻" * 80)  # 240 bytes


def request(
    path: str | bytes, *headers: str, method: str = "GET", host: str = HOST, body: bytes = b""
) -> bytes:
    """Return a request with `Connection: close`."""
    path = path if isinstance(path, bytes) else path.encode()
    lines = [f"Host: {host}", "X-Forwarded-Proto: https", "Connection: close", *headers]
    return method.encode() + b" " + path + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def raw(*lines: str, body: bytes = b"", end: str = "\r\n") -> bytes:
    """Return the lines as they are, with Host and X-Forwarded-Proto added."""
    return (
        end.join([lines[0], f"Host: {HOST}", "X-Forwarded-Proto: https", *lines[1:], "", ""]).encode() + body
    )


SMUGGLED = (
    b"GET /smuggled/ HTTP/1.1\r\nHost: "
    + HOST.encode()
    + b"\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
)
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"

# name: (request, statuses of nginx, statuses of `serve`). None: the connection is closed without a response.
CASES = {
    # paths
    "dots": (request("/articles/../about/"), {400}, {404}),
    "dots above the root": (request("/../../../../etc/passwd"), {400}, {404}),
    "encoded dots": (request("/articles/%2e%2e/about/"), {400}, {404}),
    "half-encoded dots": (request("/articles/.%2E/about/"), {400}, {404}),
    "one dot": (request("/articles/./claims/"), {400}, {404}),
    "encoded slash and dots": (request("/articles/..%2f..%2fabout/"), {400}, {404}),
    "backslashes": (request("/articles\\..\\about/"), {404}, {404}),
    "dots in a static path": (request("/static/../ictiger.sqlite3"), {400}, {404}),
    "encoded dots in a media path": (request("/media/%2e%2e/ictiger.sqlite3"), {400}, {404}),
    "the database through an alias": (request("/media../ictiger.sqlite3"), {404}, {404}),
    "the leases": (request("/leases/"), {404}, {404}),
    "a page's file": (request("/articles/claims/index.html"), {404}, {404}),
    "a page's compressed file": (request("/articles/claims/index.html.gz"), {404}, {404}),
    "nginx's own error pages": (request("/-/errors/en/502.html"), {404}, {404}),
    "NUL, encoded": (request("/articles/claims%00/"), {400}, {404}),
    "NUL": (request(b"/articles/claims\0/"), {400}, {400}),
    "control": (request("/articles/%07claims/"), {404}, {404}),
    "10,000 characters": (request("/" + "a" * 10_000 + "/"), {404}, {404}),
    "10,000 encoded characters": (request("/articles/" + "%E7%BF%BB" * 1_111 + "/"), {404}, {404}),
    "40,000 characters": (request("/" + "a" * 40_000), {414}, {400, 404, 414}),
    "not UTF-8": (request("/articles/%ff%fe/"), {404}, {404}),
    "overlong UTF-8": (request("/%c0%ae%c0%ae/"), {404}, {404}),
    "broken percent": (request("/articles/%zz/"), {400}, {404, 400}),
    "mixed case": (request("/Articles/Claims/"), {404}, {404}),
    "mixed case of the language": (request("/ZH-HANS/"), {404, 301}, {404, 301}),
    "double slash": (request("//articles/claims/"), {404}, {404}),
    "double slash inside": (request("/articles//claims/"), {404}, {404}),
    "double slash at the end": (request("/articles/claims//"), {404}, {404}),
    "another host as a path": (request("//evil.test/"), {404}, {404}),
    "leading zeros": (request("/page/0002/"), {301, 404}, {301, 404}),
    "first page": (request("/page/1/"), {301}, {301}),
    "a page far away": (request("/page/99999999999999999999/"), {404}, {404}),
    "a slug of 240 bytes": (request(f"/zh-hans/articles/{LONG_SLUG}/"), {200}, {200}),
    "a slug of 243 bytes": (request(f"/zh-hans/articles/{quote('翻' * 81)}/"), {404}, {404}),
    "a slug of 900 bytes": (request(f"/zh-hans/articles/{quote('翻' * 300)}/"), {404}, {404}),
    "below a page": (request("/articles/claims/below/"), {404}, {404}),
    "a folder of pages that is none": (request("/articles/"), {404}, {404}),
    "absolute form": (request(f"http://{HOST}/about/"), {200}, {200, 400, 404}),
    "asterisk": (request("*", method="OPTIONS"), {400}, {400, 404, 405}),
    # queries
    "endless query": (request("/about/?" + "a=1&" * 3_000), {200}, {200}),
    "query of one long word": (request("/about/?" + "q" * 12_000), {200}, {200}),
    "query beyond reading": (request("/about/?" + "q" * 40_000), {414}, {200, 414}),
    # hosts
    "another host": (request("/about/", host="evil.test"), None, {400}),
    "no host": (b"GET /about/ HTTP/1.1\r\nConnection: close\r\n\r\n", {400}, {400}),
    "no host, HTTP/1.0": (b"GET /about/ HTTP/1.0\r\n\r\n", None, {400, 301}),
    "two hosts": (request("/about/", "Host: evil.test"), {400}, {400}),
    "host with a path": (request("/about/", host=f"{HOST}/evil"), {400}, {400}),
    "another host in the address": (request("http://evil.test/about/"), None, {200, 400, 404}),
    # headers that other servers trust
    "X-Forwarded-Host": (request("/about/", "X-Forwarded-Host: evil.test"), {200}, {200}),
    "Forwarded": (request("/about/", "Forwarded: host=evil.test;proto=http"), {200}, {200}),
    "X-Original-URL": (request("/about/", "X-Original-URL: /admin/", "X-Rewrite-URL: /admin/"), {200}, {200}),
    "method override": (request("/about/", "X-HTTP-Method-Override: DELETE"), {200}, {200}),
    "X-Forwarded-Prefix": (
        request("/about/", "X-Forwarded-Prefix: /evil", "X-Script-Name: /evil", "Script-Name: /evil"),
        {200},
        {200},
    ),
    "another language": (
        request("/about/", "Accept-Language: zh-CN", "Cookie: django_language=zh-hans"),
        {200},
        {200},
    ),
    "a session that is none": (request("/about/", "Cookie: sessionid=x; reader=member"), {200}, {200}),
    "htmx": (request("/about/", "HX-Request: true", "X-Requested-With: XMLHttpRequest"), {200}, {200}),
    "authorization": (request("/about/", "Authorization: Basic YTpi"), {200}, {200}),
    # headers
    "cookies of 32 KB": (request("/about/", "Cookie: a=" + "x" * 32_768), {431}, {200}),
    "many cookies": (
        request("/about/", "Cookie: " + "; ".join(f"c{n}=v" for n in range(5_000))),
        {431},
        {200},
    ),
    "1,000 headers": (
        request("/about/", *(f"X-{n}: v" for n in range(1_000))),
        {200, 400, 431},
        {200, 400, 431},
    ),
    "range": (request("/about/", "Range: bytes=0-9"), {200}, {200}),
    "many ranges": (request("/about/", "Range: bytes=" + ",".join("0-" for _ in range(500))), {200}, {200}),
    "range of nothing": (request("/about/", "Range: bytes=999999-"), {200}, {200}),
    "TE": (request("/about/", "TE: trailers, gzip;q=1.0"), {200}, {200}),
    "upgrade": (request("/about/", "Upgrade: websocket", "Connection: Upgrade"), {200}, {200, 400}),
    "expectation": (request("/about/", "Expect: 200-maybe"), {200, 417}, {200, 417}),
    "If-None-Match without end": (request("/about/", "If-None-Match: " + '"x",' * 1_000), {200}, {200}),
    "If-Modified-Since, years ahead": (
        request("/about/", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
        {200},
        {200},
    ),
    "If-Range": (request("/about/", 'If-Range: "x"', "Range: bytes=0-1"), {200}, {200}),
    "obs-fold": (raw("GET /about/ HTTP/1.1", "X-A: b", " folded: c", "Connection: close"), {200, 400}, {400}),
    "space before the colon": (
        raw("GET /about/ HTTP/1.1", "Transfer-Encoding : chunked", "Connection: close"),
        {200, 400},
        {400},
    ),
    "NUL in a header": (request("/about/", "X-A: \0"), {400}, {400}),
    "bare LF": (raw("GET /about/ HTTP/1.1", "Connection: close", end="\n"), {200, 400}, {200, 400}),
    "no version": (b"GET /about/\r\n\r\n", None, {400}),
    "HTTP/9.9": (raw("GET /about/ HTTP/9.9"), {505, 400}, {400}),
    "TRACE": (request("/about/", method="TRACE"), {405}, {405}),
    "CONNECT": (request(f"{HOST}:443", method="CONNECT"), {400, 405}, {400, 403, 404, 405}),
    "a method of its own": (request("/about/", method="PROPFIND"), {403, 405}, {403, 405}),
    "DELETE": (request("/about/", method="DELETE"), {403, 405}, {403, 405}),
    "POST to a stored page": (
        request("/about/", FORM, "Content-Length: 3", method="POST", body=b"a=b"),
        {403, 405},
        {403, 405},
    ),
    "a body with GET": (request("/about/", "Content-Length: 3", body=b"a=b"), {200}, {200}),
    # smuggling
    "length and chunks": (
        raw("POST /about/ HTTP/1.1", FORM, "Content-Length: 6", CHUNKED, body=b"0\r\n\r\nG" + SMUGGLED),
        {400},
        {400, 403, 405},
    ),
    "two lengths": (
        raw("POST /about/ HTTP/1.1", FORM, "Content-Length: 0", "Content-Length: 9", body=SMUGGLED),
        {400},
        {400},
    ),
    "two lengths in one": (
        raw("POST /about/ HTTP/1.1", FORM, "Content-Length: 0, 9", body=SMUGGLED),
        {400},
        {400},
    ),
    "signed length": (
        raw("POST /about/ HTTP/1.1", FORM, "Content-Length: +3", body=b"a=b" + SMUGGLED),
        {400},
        {400},
    ),
    "hidden chunks": (
        raw("POST /about/ HTTP/1.1", FORM, "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
        {400, 501},
        {400, 501},
    ),
    "chunks twice": (
        raw("POST /about/ HTTP/1.1", FORM, CHUNKED, "Transfer-Encoding: identity", body=b"0\r\n\r\n"),
        {400, 501},
        {400, 403, 405},
    ),
    "chunk of no size": (
        raw("POST /about/ HTTP/1.1", FORM, CHUNKED, "Connection: close", body=b"zz\r\n\r\n"),
        {400},
        {400, 403, 405, None},
    ),
    "chunk with bare LF": (
        raw("POST /about/ HTTP/1.1", FORM, CHUNKED, "Connection: close", body=b"0\n\n"),
        {400, 403, 405},
        {400, 403, 405},
    ),
}


def stored_files(front) -> dict[str, bytes]:
    """Return the stored pages and leases by path."""
    root = front.site.var / "pages"
    files = [
        path
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in ("locks", "tallies", "boot", "trash")
    ]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def clean(front) -> dict[str, bytes]:
    """Store the pages, and return their correct bodies."""
    fetch(front.port, f"/zh-hans/articles/{LONG_SLUG}/")
    return {path: fetch(front.port, path)[2] for path in CLEAN}


def status_of(response: bytes) -> int | None:
    match = STATUS.match(response)
    return int(match[1]) if match else None


def expected(statuses: set | None) -> set:
    return {None} if statuses is None else statuses


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_or_answered_correctly_and_leaves_the_store_unchanged(front, clean, name):
    sent, nginx_statuses, serve_statuses = CASES[name]
    before = stored_files(front)
    responses = {"nginx": send_raw(front.port, sent), "serve": send_raw(front.direct_port, sent)}
    assert status_of(responses["nginx"]) in expected(nginx_statuses), responses["nginx"][:300]
    assert status_of(responses["serve"]) in expected(serve_statuses), responses["serve"][:300]
    for response in responses.values():
        if b" /about/" in sent[:200] and status_of(response) == 200:
            assert response.endswith(clean["/about/"])
        assert not EVIL_LINK.search(response)
        assert len(STATUS.findall(response)) <= 1, response
    assert stored_files(front) == before
    for port in (front.port, front.direct_port):
        assert {path: fetch(port, path, X_Forwarded_Proto="https")[2] for path in CLEAN} == clean


POISON = {
    "host": "X-Forwarded-Host: evil.test",
    "forwarded": "Forwarded: host=evil.test",
    "port": "X-Forwarded-Port: 1",
    "address": "X-Original-URL: /feed/",
    "rewrite": "X-Rewrite-URL: /feed/",
    "language": "Accept-Language: zh-CN",
    "cookie": "Cookie: django_language=zh-hans; sessionid=evil; reader=member; messages=evil",
    "htmx": "HX-Request: true",
    "method": "X-HTTP-Method-Override: POST",
    "fragment": "X-Requested-With: XMLHttpRequest",
    "script": "X-Script-Name: /evil",
    "range": "Range: bytes=0-3",
    "body": "Content-Length: 0",
}


@pytest.mark.parametrize("through", ["nginx", "serve"])
@pytest.mark.parametrize("name", POISON)
def test_stored_page_does_not_depend_on_the_first_request(front, clean, name, through):
    page = front.pages / "about" / "index.html"
    page.unlink()
    (page.parent / "index.html.gz").unlink()
    response = send_raw(
        {"nginx": front.port, "serve": front.direct_port}[through], request("/about/?evil=evil", POISON[name])
    )
    assert status_of(response) == 200
    assert response.endswith(clean["/about/"])
    assert page.read_bytes() == clean["/about/"]

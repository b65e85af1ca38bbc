"""nginx with the shipped configuration, before the real server: what it serves itself, and that nobody can tell the difference."""

import gzip

import pytest

from .site import ask

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

"""From plain text to safe HTML."""

import time

import pytest

from comments.text.markup import comment_html, links_in

LINK = '<a href="{0}" rel="nofollow ugc noopener" dir="ltr">{0}</a>'


def test_paragraphs_and_line_breaks_are_preserved():
    assert comment_html("one\ntwo\n\nthree") == '<p dir="auto">one<br>two</p><p dir="auto">three</p>'


def test_a_thousand_blank_lines_are_one_break():
    assert comment_html("one" + "\n" * 1000 + "two") == '<p dir="auto">one</p><p dir="auto">two</p>'


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u200b", "\u3164", "\u2800", "\u202e", " \u2060\t"])
def test_a_thousand_invisible_lines_are_one_break(blank):
    assert comment_html("one\n" + f"{blank}\n" * 1000 + "two") == '<p dir="auto">one</p><p dir="auto">two</p>'


def test_blank_lines_take_bounded_time():
    started = time.process_time()
    comment_html("\n" + "\u200b " * 100_000 + "x")
    comment_html("\u200b\n" * 100_000 + "x")
    assert time.process_time() - started < 1  # seconds of CPU


def test_markup_is_escaped():
    assert comment_html("<script>alert('x')</script> & <b>") == (
        '<p dir="auto">&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &lt;b&gt;</p>'
    )


def test_url_becomes_a_link():
    assert comment_html("See https://example.org/a?b=1&c=2.") == (
        '<p dir="auto">See ' + LINK.format("https://example.org/a?b=1&amp;c=2") + ".</p>"
    )


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "https://", "HTTP ://x", "https:///x"],
)
def test_other_schemes_become_no_link(text: str):
    assert "<a" not in comment_html(text)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://例.cn", []),
        ("见https://a.cn/b。好", ["https://a.cn/b"]),
        ("(https://en.wikipedia.org/wiki/Patent_(law))", ["https://en.wikipedia.org/wiki/Patent_(law)"]),
        ('"https://a.cn/"', ["https://a.cn/"]),
        ("https://a.cn/'><script>", ["https://a.cn/"]),
        ("**https://a.cn/**", ["https://a.cn/"]),
        ("http://a.cn http://b.cn", ["http://a.cn", "http://b.cn"]),
    ],
)
def test_link_ends_with_the_url(text: str, links: list[str]):
    assert links_in(text) == links


@pytest.mark.parametrize(
    "text",
    [
        "http://bücher.example/path",
        "http://bu\u0308cher.example/",
        "https://例子.example/路径",
        "https://www.例子.cn/",
        "https://a.cn好的.example",
        "https://аpple.com",
        "https://exa\u00admple.com",
        "https://exa\u200bmple.com/",
        "https://a.cn\u0301/x",
        "https://www。example。com/",
    ],
)
def test_host_that_goes_on_outside_ascii_is_no_link(text: str):
    """Cut at its first such letter, it would lead to a host that nobody typed."""
    assert links_in(f"见 {text} 。") == []


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://zh.wikipedia.org/wiki/专利合作条约 说明", "https://zh.wikipedia.org/wiki/专利合作条约"),
        ("https://zh.wikipedia.org/wiki/苹果_(公司)。", "https://zh.wikipedia.org/wiki/苹果_(公司)"),
        ("https://zh.wikipedia.org/wiki/分类:专利，", "https://zh.wikipedia.org/wiki/分类:专利"),
        ("https://a.cn/专利2026年报告。好", "https://a.cn/专利2026年报告"),
        ("https://a.cn/s?q=专利法&p=2", "https://a.cn/s?q=专利法&p=2"),
        ("https://a.cn/专利-法_全文/第一章", "https://a.cn/专利-法_全文/第一章"),
        ("https://a.cn/草案（第一稿）", "https://a.cn/草案"),
        ("https://a.cn/专利、商标", "https://a.cn/专利"),
        ("https://a.cn/专利\u3000商标", "https://a.cn/专利"),
        ("https://a.cn/专利”", "https://a.cn/专利"),
        ("https://a.cn/b好", "https://a.cn/b"),
        ("https://a.cn好的", "https://a.cn"),
        ("https://a.cn。好的", "https://a.cn"),
        ("https://a.cn:8000是", "https://a.cn:8000"),
        ("https://fr.wikipedia.org/wiki/Événement.", "https://fr.wikipedia.org/wiki/Événement"),
    ],
)
def test_path_goes_on_over_ideographs_after_a_sign_of_the_address(text: str, link: str):
    assert links_in(text) == [link]
    assert LINK.format(link.replace("&", "&amp;")) in comment_html(text)


def test_links_take_bounded_time():
    started = time.process_time()
    for text in ("https://a.cn/专" + "a" * 50_000, "https://a.cn" + "好" * 50_000, "https://a" * 10_000):
        links_in(text)
    links_in("https://a.cn/" + "/专a" * 20_000 + "https://a.cn好 " * 5_000)
    assert time.process_time() - started < 2  # seconds of CPU


def test_link_cannot_break_out_of_its_attribute():
    assert '"onclick' not in comment_html('https://a.cn/"onclick="x')


def test_bidirectional_controls_end_with_their_paragraph():
    html = comment_html("left \u202eright\n\nnext")
    assert html.count('dir="auto"') == 2

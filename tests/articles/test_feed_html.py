"""URLs in the HTML of feeds, resolved against the article's own."""

import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from articles.demo.load import article_files
from articles.feed_html import with_absolute_urls
from articles.markdown import render
from articles.models import Article
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

from .test_feeds import feed, texts

BASE = "https://publication.example/articles/a/"

# RFC 3986, 5.4, with our base; the last ones stay as they are.
RESOLVED = {
    "//cdn.example.org/x.pdf": "https://cdn.example.org/x.pdf",
    "/about/": "https://publication.example/about/",
    "../other/": "https://publication.example/articles/other/",
    "../../media/x.png": "https://publication.example/media/x.png",
    "../../../../x": "https://publication.example/x",
    "notes/": "https://publication.example/articles/a/notes/",
    "./notes/?q=1#x": "https://publication.example/articles/a/notes/?q=1#x",
    "?ref=x": "https://publication.example/articles/a/?ref=x",
    "#s-fn:1": "https://publication.example/articles/a/#s-fn:1",
    "": "https://publication.example/articles/a/",
    "http://example.org/a/../b": "http://example.org/a/../b",
    "mailto:a@example.org": "mailto:a@example.org",
    "tel:+861012345678": "tel:+861012345678",
    "data:image/png;base64,AA==": "data:image/png;base64,AA==",
}


@pytest.mark.parametrize(("url", "expected"), RESOLVED.items())
@pytest.mark.parametrize(
    "element",
    [
        '<a href="{}"></a>',
        '<img src="{}">',
        '<blockquote cite="{}"></blockquote>',
        '<video poster="{}"></video>',
    ],
)
def test_url_is_resolved_in_every_attribute(element, url, expected):
    assert with_absolute_urls(element.format(url), BASE) == element.format(expected)


def test_candidates_of_a_srcset_are_resolved():
    html = '<img srcset="/a,b.webp 480w,\n ../c.webp 960w, d.webp,data:image/png;base64,AA 3x">'
    assert with_absolute_urls(html, BASE) == (
        '<img srcset="https://publication.example/a,b.webp 480w, https://publication.example/articles/c.webp '
        '960w, https://publication.example/articles/a/d.webp,data:image/png;base64,AA 3x">'
    )


@pytest.mark.parametrize("url", ["http://[bad", "https://a:b/", "//[", "%zz", "http://"])
def test_malformed_urls_break_nothing(url):
    html = f'<p><q cite="{url}">q</q> <a href="{url}">a</a> <img srcset="{url} 2x"></p>'
    assert "</q>" in with_absolute_urls(html, BASE)
    assert with_absolute_urls(html, BASE).endswith("></p>")


def test_text_that_looks_like_an_attribute_stays():
    html = '<p>href="/b" <code>&lt;a href="/c"&gt;</code> <a title=" href=&quot;/d" href="https://e.example/">e</a></p>'
    result = with_absolute_urls(html, BASE)
    assert 'href="/b"' in result
    assert '&lt;a href="/c"&gt;' in result
    assert 'title=" href=&quot;/d"' in result


class Events(HTMLParser):
    """What HTML consists of, without its URLs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.events: list[object] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        kept = [(name, value) for name, value in attrs if name not in ("href", "src", "srcset", "cite")]
        self.events.append((tag, sorted(kept)))

    def handle_endtag(self, tag: str) -> None:
        self.events.append(tag)

    def handle_data(self, data: str) -> None:
        self.events.append(data)


MARKUP = """
Math $E=mc^2$, ~~struck~~, a note[^1], H<sub>2</sub>O, <ruby>漢<rt>かん</rt></ruby>, <kbd>Ctrl</kbd>.

> [!NOTE]
> A callout.

- [x] done

| a | b |
|:--|--:|
| 1 | 2 |

```python
print("x")
```

<details><summary>More</summary>Text.</details>

<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>

[^1]: The note.
"""


def demo_texts() -> list[str]:
    return [MARKUP, *(body for _front, body in article_files())]


def test_nothing_but_urls_changes():
    for text in demo_texts():
        html = render(text).html
        assert Events(with_absolute_urls(html, BASE)).events == Events(html).events


@pytest.mark.django_db
def test_feed_resolves_the_links_of_an_article(stranger):
    make_article("a", body="[x](//cdn.example.org/x.pdf) [y](../other/) [z](notes/) [w](?ref=x) [v](#top)")
    content = texts(feed(stranger, "/feed/"), "a:entry/a:content")[0]
    links = [link.get("href") for link in ElementTree.fromstring(content).iter("a")]
    assert links[:4] == [
        "http://cdn.example.org/x.pdf",
        "http://testserver/articles/other/",
        "http://testserver/articles/a/notes/",
        "http://testserver/articles/a/?ref=x",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "html",
    [
        '<p title="]]&gt;">]]&gt; &amp; &lt;/content&gt;</p>',
        "<p>\x00\x0b\x0c\ufffe\u202e \U0001f600</p>",
        "<p><a href='javascript:x'>y</a> <unknown>z",
        "<a href=" * 1_000,
        "<div>" * 1_000,
        "&#0;&#xFFFF;&#x1F;&nbsp;&notanentity;",
        '<a href="/' + "专" * 5_000 + '">x</a>',
    ],
)
def test_feed_is_well_formed_whatever_is_stored(html, stranger):
    article = make_article("a")
    with public_write(article):
        Article.objects.filter(pk=article.pk).update(body_html=html.replace("\x00", ""))
    assert len(texts(feed(stranger, "/feed/"), "a:entry/a:content")) == 1


@pytest.mark.parametrize("srcset", ["a,", " a", "a, ", "a 1x, ", ",a ,"])
def test_long_srcset_takes_bounded_time(srcset):
    began = time.process_time()
    with_absolute_urls(f'<img srcset="{srcset * 30_000}">', BASE)
    assert time.process_time() - began < 2


def test_threads_do_not_mix_their_addresses():
    bases = [f"https://publication.example/articles/{n}/" for n in range(8)]
    html = '<a href="x">x</a>' * 500
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(with_absolute_urls.__wrapped__, [html] * 80, bases * 10))
    assert results == [f'<a href="{base}x">x</a>' * 500 for base in bases * 10]

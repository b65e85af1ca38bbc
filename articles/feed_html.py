"""An article's HTML for feed readers, which show it at another address: every URL in it is made absolute."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import urljoin

import nh3

from .markdown import formulas, html_text, sanitise, urls

# The HTML is sanitised already. What the sanitiser may let through one day passes here as well, so that a
# feed never has less than the page.
TAGS = html_text.TAGS | formulas.TAGS | {"audio", "picture", "source", "track", "video"}
ATTRIBUTES = {
    **sanitise.ATTRIBUTES,
    "audio": {"controls", "preload", "src"},
    "blockquote": {"cite"},
    "del": {"cite", "datetime"},
    "img": sanitise.ATTRIBUTES["img"] | {"decoding", "fetchpriority", "sizes", "srcset"},
    "input": sanitise.ATTRIBUTES["input"] | {"disabled"},
    "ins": {"cite", "datetime"},
    "q": {"cite"},
    "source": {"height", "media", "sizes", "src", "srcset", "type", "width"},
    "track": {"kind", "label", "src", "srclang"},
    "video": {"controls", "height", "poster", "preload", "src", "width"},
}
SCHEMES = urls.SCHEMES | {"data"}
CACHED_TEXTS = 100  # those of the newest articles, which stand in several feeds

# Of the text that this thread passes through a cleaner: they are made once, since making one takes a fifth of
# the time of a text.
_base: ContextVar[str] = ContextVar("base")


@lru_cache(CACHED_TEXTS)
def with_absolute_urls(html: str, base: str) -> str:
    """Resolve every URL in sanitised HTML against `base`, the article's own (RFC 3986, 5.3).

    Addresses with a scheme stay as they are. The result depends on the arguments alone, so it may be reused.
    """
    token = _base.set(base)
    try:
        # nh3 resolves no `srcset` and no `cite`. Most texts have none, and need no call for each attribute.
        cleaner = _thorough_cleaner if "srcset" in html or "cite" in html else _cleaner
        return cleaner.clean(html)
    finally:
        _base.reset(token)


def _absolute(url: str) -> str:
    """The URL resolved; a malformed one as it is: nh3 would swallow an exception."""
    try:
        return urljoin(_base.get(), url.strip())
    except ValueError:
        return url


def _resolve_others(_tag: str, attribute: str, value: str) -> str:
    if attribute == "srcset":
        return ", ".join(_absolute_candidates(value))
    return _absolute(value) if attribute == "cite" else value


def _new_cleaner(attribute_filter: Callable[[str, str, str], str] | None = None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=attribute_filter,
        generic_attribute_prefixes={"data-", "aria-"},
        link_rel=None,
        url_schemes=SCHEMES,
        url_relative=_absolute,
    )


_cleaner, _thorough_cleaner = _new_cleaner(), _new_cleaner(_resolve_others)


def _absolute_candidates(srcset: str) -> Iterator[str]:
    """The candidates of a `srcset` with absolute URLs.

    A URL ends at white space, and may have commas within (HTML, "parse a srcset attribute").
    """
    parts: list[str] = []  # of the candidate being read: its URL, then its descriptors
    for token in srcset.split():
        rest = token
        while rest:
            if not parts:
                url = rest.lstrip(",")
                parts, rest = [_absolute(url.rstrip(","))] if url else [], ""
                ended = url.endswith(",")
            else:
                descriptor, comma, rest = rest.partition(",")
                parts, ended = [*parts, descriptor], bool(comma)
            if parts and ended:
                yield " ".join(parts)
                parts = []
    if parts:
        yield " ".join(parts)

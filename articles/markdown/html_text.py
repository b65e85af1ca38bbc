"""Which text is HTML. Tags that articles may have are tags; everything else that looks like one is text and
stands as typed."""

import re

# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "ins", "kbd",
    "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "wbr",
}
BLOCK_TAGS = {
    "blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "li", "ol", "p", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul",
}
# fmt: on
TABLE_TAGS = {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
DEMOTED = {"h1": "h2"}  # the page's one h1 is the article's title
VOID = {"br", "hr", "img", "input", "wbr"}
MEDIA = {"audio", "embed", "object", "param", "source", "track", "video"}  # players from elsewhere
REFUSED = MEDIA | {"iframe"}  # left out, and the author is told

ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
TAG = re.compile(rf"<(?:(/)([A-Za-z][A-Za-z0-9-]*)\s*>|([A-Za-z][A-Za-z0-9-]*)((?:{ATTRIBUTE})*)\s*/?>)")
# Like TAG, but as browsers read them: attributes may touch, and values may lack quotes. `<iframe src=/>` is
# meant as a tag.
LOOSE_TAG = re.compile(r"""<([A-Za-z][A-Za-z0-9-]*)((?:\s(?:[^<>"']|"[^"]*"|'[^']*')*)?)>""")
COMMENT = re.compile(r"<!--(?:>|->|.*?-->)", re.DOTALL)
BLOCK_START = re.compile(rf"</?({'|'.join(sorted(BLOCK_TAGS | {'iframe'}))})(?=[\s>]|/>|$)", re.IGNORECASE)
# Code of pages and programs: shown as code, since none of it is for readers to see at work.
SHOWN_START = re.compile(r"<(script|style|textarea)(?=[\s>]|$)|<\?", re.IGNORECASE)
PRE_START = re.compile(r"<pre(?=[\s>]|$)", re.IGNORECASE)
PRE_END = re.compile(r"</pre>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
VALUE = re.compile(r"""\s([A-Za-z_:][\w.:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")


def name_of(tag: re.Match[str]) -> str:
    """The name of a tag that TAG has found."""
    return (tag[2] or tag[3]).lower()


def is_allowed(name: str) -> bool:
    return name in TAGS or name in DEMOTED


def values_of(attributes: str) -> dict[str, str]:
    """The attributes of a tag by name; the first of a name counts."""
    values: dict[str, str] = {}
    for name, double, single, bare in VALUE.findall(attributes):
        values.setdefault(name.lower(), double or single or bare)
    return values


def starts_alone(line: str) -> bool:
    """Whether one allowed tag fills the line, so that it begins a block (CommonMark 0.31, 4.6, kind 7)."""
    found = TAG.match(line)
    return (
        found is not None
        and not line[found.end() :].strip()
        and is_allowed(name_of(found))
        and name_of(found) not in VOID
    )


def escaped(text: str) -> str:
    """`text` as HTML that shows it as typed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

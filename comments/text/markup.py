"""Converts the plain text of a comment to the HTML that is stored with it. Pure: no ORM, no settings.

Everything is escaped. The only elements are paragraphs, line breaks and links to http(s) URLs.
"""

import re

from django.utils.html import escape

# ASCII only: in Chinese the sentence goes on right after a URL, without a space.
_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_TRAILING_PUNCTUATION = ".,;:!?'*"
# A line of these looks blank: Unicode's Default_Ignorable_Code_Point, and the Braille pattern without dots.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_PARAGRAPH_BREAK = re.compile(rf"\n(?:(?:[^\S\n]|[{_INVISIBLE}])*\n)+")


def comment_html(text: str) -> str:
    """Safe HTML of a comment.

    Each paragraph has its own direction, so that bidirectional controls end with it.
    """
    paragraphs = (_with_line_breaks(part) for part in _PARAGRAPH_BREAK.split(text.strip("\n")))
    return "".join(f'<p dir="auto">{paragraph}</p>' for paragraph in paragraphs if paragraph.strip())


def links_in(text: str) -> list[str]:
    """The URLs that `comment_html` turns into links."""
    return [_without_punctuation(match[0]) for match in _URL.finditer(text)]


def _with_line_breaks(paragraph: str) -> str:
    return "<br>".join(_with_links(line) for line in paragraph.split("\n"))


def _with_links(line: str) -> str:
    html, end = [], 0
    for match in _URL.finditer(line):
        url = _without_punctuation(match[0])
        html.append(str(escape(line[end : match.start()])))
        escaped_url = escape(url)
        html.append(f'<a href="{escaped_url}" rel="nofollow ugc noopener" dir="ltr">{escaped_url}</a>')
        end = match.start() + len(url)
    html.append(str(escape(line[end:])))
    return "".join(html)


def _without_punctuation(url: str) -> str:
    """The URL without the punctuation of the sentence. A closing bracket stays if the URL opens it."""
    while True:
        shorter = url.rstrip(_TRAILING_PUNCTUATION)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter.endswith("]") and shorter.count("]") > shorter.count("["):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter

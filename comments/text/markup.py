"""Converts the plain text of a comment to the HTML that is stored with it. Pure: no ORM, no settings.

Everything is escaped. The only elements are paragraphs, line breaks and links to http(s) URLs.
"""

import re

from django.utils.html import escape

from ictiger.core.characters import UNSEEN_RANGES
from ictiger.core.web_addresses import find_urls

_PARAGRAPH_BREAK = re.compile(rf"\n(?:(?:[^\S\n]|[{UNSEEN_RANGES}])*\n)+")


def comment_html(text: str) -> str:
    """Safe HTML of a comment.

    Each paragraph has its own direction, so that bidirectional controls end with it.
    """
    paragraphs = (_with_line_breaks(part) for part in _PARAGRAPH_BREAK.split(text.strip("\n")))
    return "".join(f'<p dir="auto">{paragraph}</p>' for paragraph in paragraphs if paragraph.strip())


def links_in(text: str) -> list[str]:
    """The URLs that `comment_html` turns into links."""
    return [url for line in text.split("\n") for _start, url in find_urls(line)]


def _with_line_breaks(paragraph: str) -> str:
    return "<br>".join(_with_links(line) for line in paragraph.split("\n"))


def _with_links(line: str) -> str:
    html, end = [], 0
    for start, url in find_urls(line):
        html.append(str(escape(line[end:start])))
        escaped_url = escape(url)
        html.append(f'<a href="{escaped_url}" rel="nofollow ugc noopener" dir="ltr">{escaped_url}</a>')
        end = start + len(url)
    html.append(str(escape(line[end:])))
    return "".join(html)

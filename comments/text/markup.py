"""From the plain text of a comment to the HTML that is kept beside it. Pure: no ORM, no settings.

Everything is escaped; the only elements made are paragraphs, line breaks and links to http(s) addresses.
"""

import re

from django.utils.html import escape

# ASCII only: a Chinese sentence goes on right behind an address, without a space.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_TRAILING = ".,;:!?'*"
# What leaves a line empty: characters that cannot be seen (Unicode's Default_Ignorable_Code_Point, and a Braille pattern without dots).
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
_PARAGRAPH_BREAK = re.compile(rf"\n(?:(?:[^\S\n]|[{_UNSEEN}])*\n)+")


def comment_html(text: str) -> str:
    """Safe HTML of a comment. Each paragraph takes its own direction, so that bidirectional controls end with it."""
    paragraphs = (_lines(part) for part in _PARAGRAPH_BREAK.split(text.strip("\n")))
    return "".join(f'<p dir="auto">{paragraph}</p>' for paragraph in paragraphs if paragraph.strip())


def links_in(text: str) -> list[str]:
    """The addresses that `to_html` makes links of."""
    return [_without_trailing(match[0]) for match in _ADDRESS.finditer(text)]


def _lines(paragraph: str) -> str:
    return "<br>".join(_linked(line) for line in paragraph.split("\n"))


def _linked(line: str) -> str:
    html, done = [], 0
    for match in _ADDRESS.finditer(line):
        address = _without_trailing(match[0])
        html.append(str(escape(line[done : match.start()])))
        shown = escape(address)
        html.append(f'<a href="{shown}" rel="nofollow ugc noopener" dir="ltr">{shown}</a>')
        done = match.start() + len(address)
    html.append(str(escape(line[done:])))
    return "".join(html)


def _without_trailing(address: str) -> str:
    """The address without the sentence's own punctuation; a closing bracket stays when the address opened it."""
    while True:
        shorter = address.rstrip(_TRAILING)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter.endswith("]") and shorter.count("]") > shorter.count("["):
            shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter

"""Blocks of code, coloured by Pygments where their language is named."""

import re
from io import StringIO
from time import process_time

from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from .html_text import escaped

# The first word names the language (CommonMark 0.31, 4.5); `{.python}` is the same in another dialect.
LANGUAGE = re.compile(r"\{?\s*\.?([^\s{},:=]+)(?!\s*=)")
FILE_NAME = re.compile(r"\b(?:title|filename)=(?:\"([^\"]*)\"|'([^']*)'|([^\s{}\"']+))")
LINES = re.compile(r"\bhl_lines=\"([\d\s-]*)\"")
MAX_COLOURED = 20_000  # characters of one block
SECONDS = 0.4  # of CPU for the colours of one text; real articles take a tenth of it
FORMATTER = HtmlFormatter(cssclass="highlight", wrapcode=True)
SHELL = '<div class="highlight">{title}<pre><span></span><code>{code}\n</code></pre></div>'


class Colours:
    """Colours the blocks of one text, until SECONDS of CPU are spent: in some languages Pygments' time grows
    with the square of the code. Blocks after that are shown without colours."""

    def __init__(self) -> None:
        self.left = SECONDS

    def highlighted(self, code: str, info: str = "") -> str:
        """The block as HTML. `info` is what stands behind the fence."""
        found, title = LANGUAGE.match(info), file_name(info)
        if found is not None and code.strip() and len(code) <= MAX_COLOURED:
            tokens = self._tokens(code, found[1])
            if tokens is not None:
                return _formatted(tokens, title, _lines_of(info))
        name = f'<span class="filename">{escaped(title)}</span>' if title else ""
        return SHELL.format(title=name, code=escaped(code))

    def _tokens(self, code: str, language: str) -> list[tuple] | None:
        began, tokens = process_time(), []
        for token in _lexer_of(language).get_tokens(code):
            tokens.append(token)
            if len(tokens) % 128 == 0 and process_time() - began > self.left:
                self.left = 0.0
                return None
        self.left -= process_time() - began
        return tokens


def _lexer_of(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False)


def _formatted(tokens: list[tuple], title: str, lines: list[int]) -> str:
    formatter = FORMATTER
    if title or lines:
        formatter = HtmlFormatter(cssclass="highlight", wrapcode=True, filename=title, hl_lines=lines)
    parts = StringIO()
    formatter.format(tokens, parts)
    return parts.getvalue()


def file_name(info: str) -> str:
    """The name that the author gave to the block, as `title="a.js"`."""
    found = FILE_NAME.search(info)
    return (found[1] or found[2] or found[3] or "") if found else ""


def _lines_of(info: str) -> list[int]:
    found = LINES.search(info)
    return [int(number) for number in re.findall(r"\d{1,5}", found[1])] if found else []

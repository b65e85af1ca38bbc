"""Blocks of code, coloured by Pygments where their language is named."""

import re

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from .html_text import escaped

# The first word names the language (CommonMark 0.31, 4.5); `{.python}` is the same in another dialect.
LANGUAGE = re.compile(r"\{?\s*\.?([^\s{},:=]+)(?!\s*=)")
FILE_NAME = re.compile(r"\b(?:title|filename)=(?:\"([^\"]*)\"|'([^']*)'|([^\s{}\"']+))")
LINES = re.compile(r"\bhl_lines=\"([\d\s-]*)\"")
MAX_COLOURED = 20_000  # characters of one block: Pygments' time has no bound in some languages
FORMATTER = HtmlFormatter(cssclass="highlight", wrapcode=True)
SHELL = '<div class="highlight">{title}<pre><span></span><code>{code}\n</code></pre></div>'


def _lexer_of(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False)


def highlighted(code: str, info: str = "") -> str:
    """The block as HTML. `info` is what stands behind the fence."""
    found, title = LANGUAGE.match(info), file_name(info)
    if found is None or len(code) > MAX_COLOURED or not code.strip():
        name = f'<span class="filename">{escaped(title)}</span>' if title else ""
        return SHELL.format(title=name, code=escaped(code))
    lines = _lines_of(info)
    formatter = HtmlFormatter(cssclass="highlight", wrapcode=True, filename=title, hl_lines=lines) if title or lines else FORMATTER
    return highlight(code, _lexer_of(found[1]), formatter)


def file_name(info: str) -> str:
    """The name that the author gave to the block, as `title="a.js"`."""
    found = FILE_NAME.search(info)
    return (found[1] or found[2] or found[3] or "") if found else ""


def _lines_of(info: str) -> list[int]:
    found = LINES.search(info)
    return [int(number) for number in re.findall(r"\d{1,5}", found[1])] if found else []

"""Blocks of code, coloured by Pygments where their language is named."""

import re

from markdown import Markdown
from pymdownx.highlight import Highlight

from .html_text import escaped

# The first word names the language (CommonMark 0.31, 4.5); `{.python}` is the same in another dialect.
LANGUAGE = re.compile(r"\{?\s*\.?([^\s{},:=]+)(?!\s*=)")
FILE_NAME = re.compile(r"\b(?:title|filename)=(?:\"([^\"]*)\"|'([^']*)'|([^\s{}\"']+))")
LINES = re.compile(r"\bhl_lines=\"([\d\s-]*)\"")
MAX_COLOURED = 20_000  # characters of one block: Pygments' time has no bound in some languages
SHELL = '<div class="highlight">{title}<pre><span></span><code>{code}\n</code></pre></div>'


def highlighted(md: Markdown, code: str, info: str) -> str:
    """The block as HTML. `info` is what stands behind the fence."""
    found, title = LANGUAGE.match(info), file_name(info)
    language = found[1] if found else ""
    if not language or len(code) > MAX_COLOURED or not code.strip():
        name = f'<span class="filename">{escaped(title)}</span>' if title else ""
        return SHELL.format(title=name, code=escaped(code))
    colours = Highlight(md, guess_lang=False, use_pygments=True, noclasses=False, stripnl=False)
    return colours.highlight(code, language, "highlight", title=title or None, hl_lines=_lines_of(info))


def file_name(info: str) -> str:
    """The name that the author gave to the block, as `title="a.js"`."""
    found = FILE_NAME.search(info)
    return (found[1] or found[2] or found[3] or "") if found else ""


def _lines_of(info: str) -> list[int]:
    found = LINES.search(info)
    return [int(number) for number in re.findall(r"\d{1,5}", found[1])] if found else []

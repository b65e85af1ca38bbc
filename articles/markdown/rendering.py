"""A text rendered: its HTML, its contents, its words, and what its author is to be told."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from markdown import Markdown

from .chinese import HAN_RANGES, LETTER
from .extensions import EXTENSIONS
from .headings import HeadingsExtension, contents_of, targets_of
from .limits import refuse_deep_html, refuse_endless
from .notices import Notice
from .other_language import mark_other_languages
from .plain_text import plain_text
from .sanitise import sanitised
from .source import clean, without_front_matter
from .tree import Size

# Silent reading of English non-fiction: 238 words a minute (Brysbaert 2019, doi:10.1016/j.jml.2019.104047).
# For Chinese, 400 characters a minute is a convention within the range that studies of silent reading report.
LATIN_WORDS_PER_MINUTE = 238
HAN_CHARACTERS_PER_MINUTE = 400
LATIN_WORD = re.compile(rf"[^\W_{HAN_RANGES}]+(?:['’.,-][^\W_{HAN_RANGES}]+)*")


@dataclass(frozen=True)
class Rendered:
    """`html` is safe to print as it is. `contents` lists the headings of two levels; `text` is what a reader
    reads, without markup. `notices` say what was left out, shown as typed or refused, in the order of the
    source's lines. `note_lines` are the first and the last line of each note in the source."""

    html: str
    contents: list[dict[str, str | int]]
    text: str
    words: int
    reading_minutes: int
    notices: list[Notice] = field(default_factory=list)
    note_lines: dict[str, tuple[int, int]] = field(default_factory=dict)


def _unknown_size(src: str) -> None:
    return None


def render(
    text: str,
    *,
    size_of: Callable[[str], Size | None] = _unknown_size,
    site_url: str = "",
    language: str = "",
) -> Rendered:
    """Render Markdown. Labels within are in the active language. Raises ValidationError, in words, for text
    that cannot be rendered.

    `size_of(src)` tells the width and height in pixels of a picture where they are known. Pictures given with
    `site_url` are our own. With the `language` of the text, what is in another one is marked.
    """
    notices: list[Notice] = []
    text = clean(text, notices)
    refuse_endless(text)
    text = without_front_matter(text, notices)
    try:
        md = converter(size_of, site_url, notices)
        dirty = md.convert(text)
        refuse_deep_html(md.htmlStash.rawHtmlBlocks)
        html = sanitised(dirty, targets=targets_of(md.heading_ids, dirty), site_url=site_url)
        contents = list(contents_of(md.toc_tokens))
    except RecursionError as error:
        raise ValidationError(
            _("Lists or quotes are nested too deeply. Use fewer levels."), code="nesting"
        ) from error
    _tell_of_unused_references(md)
    plain = plain_text(html)
    if language:
        html = mark_other_languages(html, language)
    latin, han = len(LATIN_WORD.findall(plain)), len(LETTER.findall(plain))
    notices = sorted(dict.fromkeys(notices), key=lambda notice: notice.line)
    note_lines = {label: (block.line, block.end) for label, block in md.notes.definitions.items()}
    return Rendered(html, contents, plain, latin + han, reading_minutes(latin, han), notices, note_lines)


def converter(size_of: Callable[[str], Size | None], site_url: str, notices: list[Notice]) -> Markdown:
    """A fresh one for each text: converters keep state and are not safe between threads."""
    md = Markdown(extensions=[HeadingsExtension()], output_format="html")
    md.size_of, md.site_url, md.notices = size_of, site_url, notices
    for add in EXTENSIONS:
        add(md)
    return md


def _tell_of_unused_references(md: Markdown) -> None:
    for label, (line, _label) in md.definitions.items():
        if label not in md.used_labels:
            md.notices.append(Notice("reference unused", line, label))


def reading_minutes(latin: int, han: int) -> int:
    """Whole minutes to read so much, at least one."""
    return max(1, round(latin / LATIN_WORDS_PER_MINUTE + han / HAN_CHARACTERS_PER_MINUTE))

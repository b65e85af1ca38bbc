"""From what an author writes to what a reader reads: Markdown in, sanitised HTML out. No database, no
request, no settings.

The house's rule: every letter and digit of the source, less markup, is in the rendered text, in order.
`lost_text` checks it.
"""

from .limits import MAX_CHARACTERS
from .lost_text import lost_text
from .notices import Notice
from .other_language import mark_other_languages
from .plain_text import plain_text
from .rendering import Rendered, render
from .version import RENDERER_VERSION

__all__ = [
    "MAX_CHARACTERS",
    "RENDERER_VERSION",
    "Notice",
    "Rendered",
    "lost_text",
    "mark_other_languages",
    "plain_text",
    "render",
]

"""Marks what is in another language in short texts: titles, summaries, names."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from articles.markdown import mark_other_languages
from ictiger.core.languages import Language

register = template.Library()

LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
CHINESE_LETTER = re.compile("[\u3400-\u9fff]")


@register.filter
def other_language(text: str) -> SafeString:
    """The text with `lang` on what is not in the language of the page."""
    # Escaped, and the marks are constants. An apostrophe stays one, since it is part of a word; the result is
    # for the text of an element, never for an attribute.
    escaped = conditional_escape(text).replace("&#x27;", "'")
    return mark_safe(mark_other_languages(escaped, Language.active()))  # noqa: S308


@register.filter
def name_language(name: str) -> SafeString:
    """A name, marked as a whole: on Chinese pages one in Latin letters is English, however short it is."""
    if Language.active() == Language.EN or not LATIN.search(name) or CHINESE_LETTER.search(name):
        return other_language(name)
    return mark_safe(f'<span lang="en">{conditional_escape(name)}</span>')  # noqa: S308  (escaped)

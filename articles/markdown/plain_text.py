"""The words of sanitised HTML, for the search index and for counting."""

from . import formulas
from .html_tokens import tokens

# fmt: off
INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small",
    "span", "strong", "sub", "sup", "u", "var", "wbr", "ruby",
} | formulas.TAGS
# fmt: on


def plain_text(clean: str) -> str:
    """The words of sanitised HTML, runs of white space as one space. Block elements end a word, inline ones
    do not; the numbers of notes are left out."""
    parts, skips = [], False
    for end, name, attributes, text in tokens(clean):
        if not name:
            if not skips:
                parts.append(text)
            continue
        skips = (
            name == "a"
            and not end
            and ('class="footnote-ref"' in attributes or 'class="footnote-backref"' in attributes)
        )
        if name not in INLINE:
            parts.append("\n")
    return " ".join("".join(parts).split())

"""The source before it is read: line ends, characters that cannot be shown, front matter of other
programs."""

import re

from .notices import Notice

# NUL, lone surrogates, non-characters: something was there that cannot be shown.
UNSHOWABLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
CONTROLS = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f]"
)  # not tab and line feed; vertical tab and form feed end a line
LINE_END = re.compile("\r\n|[\r\x0b\x0c]")
FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n((?:.*\n)*?)(\1|\.\.\.)[ \t]*(?:\n|\Z)")
# YAML has `key: value` (or a list of them), TOML `key = value`, in the first line that says anything.
KEY = re.compile(r"\s*(?:#.*\n\s*)*(?:[\w\"'.-]+[ \t]*[:=]|\[)")


def clean(text: str, notices: list[Notice]) -> str:
    """`text` with line feeds alone, without control characters, and U+FFFD for what cannot be shown
    (CommonMark 0.31, 2.3)."""
    text = CONTROLS.sub("", LINE_END.sub("\n", text.removeprefix("\ufeff")))
    found = UNSHOWABLE.search(text)
    if found is None:
        return text
    notices.append(Notice("character", text.count("\n", 0, found.start()) + 1))
    return UNSHOWABLE.sub("\ufffd", text)


def front_matter_length(text: str) -> int:
    """How many characters at the beginning are front matter (YAML or TOML between lines of `---` or
    `+++`)."""
    found = FRONT_MATTER.match(text)
    if found is None or not KEY.match(found[2]) or "\n\n\n" in found[2]:
        return 0
    return found.end()


def without_front_matter(text: str, notices: list[Notice]) -> str:
    """`text` with empty lines in place of its front matter, so that lines keep their numbers."""
    length = front_matter_length(text)
    if not length:
        return text
    lines = text.count("\n", 0, length)
    notices.append(Notice("front matter", lines or 1))
    return "\n" * lines + text[length:]

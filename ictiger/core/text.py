"""Text that a database, a feed and an XML document can hold."""

import re

# NUL breaks PostgreSQL, lone surrogates break UTF-8, control characters break XML. Tab and line ends stay.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def strip_unstorable(text: str) -> str:
    """`text` without the characters that a database or a feed cannot hold."""
    return UNSTORABLE.sub("", text)

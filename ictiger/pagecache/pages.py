"""What a page is: the paths at which it may be stored, its plain and compressed forms, its ETag.

Pure functions.
"""

import gzip
import re
from hashlib import blake2b
from typing import NamedTuple

# Path segments without dots, spaces, control characters, percent signs and backslashes, closed by a slash. In
# bytes, as file names are.
STORABLE = re.compile(rb"/(?:[^/.\x00-\x20\x7f%\\]{1,255}/)*")
MAX_PATH_LENGTH = 1_024


class Page(NamedTuple):
    """A page as it is sent.

    `ending` (html, atom) gives its content type, `etag` belongs to exactly these bytes.
    """

    ending: bytes
    body: bytes
    etag: str
    compressed: bool


class Rendered(NamedTuple):
    """A page that was just rendered, in both forms.

    `until` is the end of its life, in seconds since 1970, or None.
    """

    plain: Page
    compressed: Page
    stamp: int
    until: float | None


def is_storable_path(path: bytes) -> bool:
    """Whether a page may be stored at this path, which is UTF-8 and not percent-encoded."""
    return len(path) <= MAX_PATH_LENGTH and STORABLE.fullmatch(path) is not None


def compress_page(ending: bytes, body: bytes, until: float | None = None) -> Rendered:
    """Compress a page and derive a stamp from its content's hash: the file's mtime, and with its size the
    ETag.

    nginx makes its ETag of mtime and size in the same way, so both servers send the same one for a file. The
    stamp has 31 bits: every file system can store it.
    """
    compressed = gzip.compress(body, 6, mtime=0)
    stamp = int.from_bytes(blake2b(body, digest_size=4).digest(), "big") >> 1
    plain_page = stamped_page(ending, body, stamp, compressed=False)
    return Rendered(plain_page, stamped_page(ending, compressed, stamp, compressed=True), stamp, until)


def stamped_page(ending: bytes, body: bytes, stamp: int, *, compressed: bool) -> Page:
    """A page with the ETag that follows from its file's mtime `stamp` and its size."""
    return Page(ending, body, f'"{stamp:x}-{len(body):x}"', compressed)

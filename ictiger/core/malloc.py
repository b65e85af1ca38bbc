"""How a server process holds on to memory between pages.

A page is a text of some hundred KB, of which a few copies live for the moment it is made. The C library asks the kernel for each block of
that size and gives it back at once, and the kernel clears every piece of it anew: a tenth of what a page takes.
"""

import ctypes

# The names that malloc.h gives its settings.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
TRIM_THRESHOLD = 8 * 1024**2  # bytes at most, by each thread
TOP_PAD = 1024**2
MMAP_THRESHOLD = 4 * 1024**2  # larger blocks come from the kernel and go back to it, as ever


def tune_malloc() -> None:
    """Keep some freed memory for the next page, where the C library knows how (glibc); elsewhere nothing happens."""
    settings = getattr(ctypes.CDLL(None), "mallopt", None)
    if settings is not None:
        for name, value in (
            (M_MMAP_THRESHOLD, MMAP_THRESHOLD),
            (M_TRIM_THRESHOLD, TRIM_THRESHOLD),
            (M_TOP_PAD, TOP_PAD),
        ):
            settings(name, value)

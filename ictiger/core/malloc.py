"""Settings of the C library's allocator for a server process.

Rendering a page of some hundred KB allocates a few blocks of that size for a moment. By default glibc takes
each of them from the kernel and returns it at once, and the kernel clears every page of memory again. That
takes a tenth of the time in which a page is rendered.
"""

import ctypes

# Parameter numbers from malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
# Bytes, for each thread.
TRIM_THRESHOLD = 8 * 1024**2
TOP_PAD = 1024**2
MMAP_THRESHOLD = 4 * 1024**2  # larger blocks still come from the kernel and return to it


def tune_malloc() -> None:
    """Let the process keep some freed memory for the next page. Without glibc this does nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        mallopt(M_TOP_PAD, TOP_PAD)

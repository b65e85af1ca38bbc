"""A progress bar for commands."""

from django.core.management.base import OutputWrapper

WIDTH = 30  # characters


def show_progress(stream: OutputWrapper, done: int, total: int) -> None:
    """Draw a bar over the one before if `stream` is a terminal; write nothing into a log."""
    if stream.isatty():
        bar = "█" * (WIDTH * done // max(total, 1))
        stream.write(f"\r{bar:<{WIDTH}} {done:,}/{total:,}", ending="\n" if done == total else "")
        stream.flush()

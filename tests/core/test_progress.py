"""The progress bar of commands."""

from io import StringIO

from django.core.management.base import OutputWrapper

from ictiger.core.progress import show_progress


def drawn(*, terminal: bool) -> str:
    stream = StringIO()
    stream.isatty = lambda: terminal
    for done in range(0, 2001, 1000):
        show_progress(OutputWrapper(stream), done, 2000)
    return stream.getvalue()


def test_bar_grows_on_a_terminal_and_ends_its_line():
    assert drawn(terminal=True) == (
        f"\r{' ' * 30} 0/2,000\r{'█' * 15}{' ' * 15} 1,000/2,000\r{'█' * 30} 2,000/2,000\n"
    )


def test_log_gets_no_bar():
    assert drawn(terminal=False) == ""

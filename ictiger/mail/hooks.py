"""Hooks for the apps above mail. Each app registers its functions from its AppConfig.ready()."""

from collections.abc import Callable

from .models import Mail

# Called with each mail that the mail server has refused for good, after that was recorded.
refusal_listeners: list[Callable[[Mail], None]] = []


def on_refusal(listener: Callable[[Mail], None]) -> Callable[[Mail], None]:
    """Register the decorated function for refused mails."""
    refusal_listeners.append(listener)
    return listener

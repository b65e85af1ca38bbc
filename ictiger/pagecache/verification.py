"""What other apps have to say when `pages verify` finds stored pages as they would be rendered now."""

from collections.abc import Callable

_remarks: list[Callable[[], str]] = []


def verification_remark(function: Callable[[], str]) -> Callable[[], str]:
    """Register a function that returns a sentence, or "" when it has nothing to say."""
    _remarks.append(function)
    return function


def verification_remarks() -> list[str]:
    return [remark for function in _remarks if (remark := function())]

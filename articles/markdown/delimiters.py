"""Runs of `*`, `_` and `~~`: which may open, which may close, and which belong together (CommonMark 0.31,
6.2).

One rule for every sign and both scripts. CommonMark's asks for a blank or punctuation outside a run that has
punctuation inside. Chinese has no blanks between words, so where one neighbour of the run is Chinese that
condition falls away (commonmark-spec#650): `原价~~¥100~~现价` and
`这是**“重点”**的` mean what they seem to mean.
"""

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from .chinese import HAN, SHARED

TAGS = {"*": ("em", "strong"), "_": ("em", "strong"), "~": ("", "del")}


@dataclass(slots=True, eq=False)
class Run:
    """A run of one sign. `opens` and `closes` are the tags that begin and end here, in the order in which
    they were found."""

    sign: str
    length: int  # signs that stand in the source
    can_open: bool
    can_close: bool
    left: int = 0  # signs not used yet
    chinese: bool = False  # whether a neighbour is
    opens: list[str] = field(default_factory=list)
    closes: list[str] = field(default_factory=list)
    before: "Run | None" = None
    after: "Run | None" = None


@lru_cache(maxsize=4096)
def kind_of(character: str) -> str:
    """ "blank", "chinese", "punctuation" or "letter"; the beginning and the end of a text are blank."""
    if not character or character.isspace():
        return "blank"
    if HAN.match(character):
        return "chinese"
    return "punctuation" if unicodedata.category(character)[0] in "PS" else "letter"


def is_punctuation(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


def run_of(sign: str, length: int, before: str, after: str) -> Run:
    """A run between two characters, with what it may do."""
    kinds = kind_of(before), kind_of(after)
    chinese = "chinese" in kinds or (before != "" and before in SHARED) or (after != "" and after in SHARED)
    left = kinds[1] != "blank" and (
        chinese or not is_punctuation(after) or kinds[0] == "blank" or is_punctuation(before)
    )
    right = kinds[0] != "blank" and (
        chinese or not is_punctuation(before) or kinds[1] == "blank" or is_punctuation(after)
    )
    if sign == "_":
        return Run(
            sign,
            length,
            left and (not right or is_punctuation(before)),
            right and (not left or is_punctuation(after)),
            length,
        )
    return Run(sign, length, left, right, length, chinese)


class Runs:
    """The runs of a text that have found no partner yet, first to last."""

    def __init__(self) -> None:
        self.last: Run | None = None

    def add(self, run: Run) -> None:
        run.before = self.last
        if self.last is not None:
            self.last.after = run
        self.last = run

    def remove(self, run: Run) -> None:
        if run.before is not None:
            run.before.after = run.after
        if run.after is not None:
            run.after.before = run.before
        else:
            self.last = run.before

    def pair(self, bottom: Run | None) -> None:
        """Pair what stands above `bottom`, and forget the rest of it."""
        closer = self._first_above(bottom)
        bottoms: dict[tuple, Run | None] = {}
        while closer is not None:
            after = closer.after
            if closer.can_close:
                after = self._close(closer, bottom, bottoms)
            closer = after
        while self.last is not None and self.last is not bottom:
            self.remove(self.last)

    def _first_above(self, bottom: Run | None) -> Run | None:
        run = self.last
        if run is bottom:
            return None
        while run is not None and run.before is not bottom:
            run = run.before
        return run

    def _close(self, closer: Run, bottom: Run | None, bottoms: dict[tuple, Run | None]) -> Run | None:
        """Pair a closing run with the nearest that it can close; the run to look at next."""
        key = (closer.sign, closer.can_open, closer.length % 3)
        opener = closer.before
        while opener is not None and opener is not bottom and opener is not bottoms.get(key):
            if opener.can_open and _match(opener, closer):
                return self._join(opener, closer)
            opener = opener.before
        bottoms[key] = closer.before
        after = closer.after
        if not closer.can_open:
            self.remove(closer)
        return after

    def _join(self, opener: Run, closer: Run) -> Run | None:
        both = opener.left >= 2 and closer.left >= 2
        tag = TAGS[closer.sign][both]
        while closer.before is not opener:
            self.remove(closer.before)
        for run, tags in ((opener, opener.opens), (closer, closer.closes)):
            tags.append(tag)
            run.left -= 1 + both
            if not run.left:
                self.remove(run)
        return closer if closer.left else closer.after


def _match(opener: Run, closer: Run) -> bool:
    """Rule 9 and 10 of CommonMark: where a run may do both, lengths that add up to a multiple of three do not
    belong together."""
    if opener.sign != closer.sign:
        return False
    if closer.sign == "~" or (opener.left % 2 == closer.left % 2 == 0 and (opener.chinese or closer.chinese)):
        return True  # `**甲****乙**` is bold twice
    either = opener.can_close or closer.can_open
    odd = (opener.length + closer.length) % 3 == 0 and not (opener.length % 3 == 0 and closer.length % 3 == 0)
    return not (either and odd)

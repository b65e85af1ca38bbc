"""Unseen characters, marks, and the function of the idna package that its documentation leaves out."""

import time

import pytest
from idna.core import valid_contextj

from ictiger.core.characters import has_stacked_marks, has_unseen, without_misplaced, without_unseen


def test_idna_tells_where_a_joiner_belongs():
    assert valid_contextj("نامه\u200cای", 4)
    assert valid_contextj("ක්\u200dර", 2)
    assert not valid_contextj("a\u200cb", 1)
    assert not valid_contextj("a\u200db", 1)


@pytest.mark.parametrize("text", ["مه\u200cسا", "ශ්\u200dරී", "র\u200d্যা", "葛\U000e0100城", "ᠰᠣᠯᠣᠩᠭ\u180eᠠ"])
def test_a_character_that_the_spelling_needs_stays(text: str):
    assert not has_unseen(text)
    assert without_misplaced(text) == text


def test_misplaced_characters_go_and_white_space_stays():
    assert without_misplaced("\u200ba\u200cb \u3164c\u202e") == "ab c"
    assert without_unseen("\u2800a \U000e0061b\n") == "a b\n"


def test_marks_are_counted_by_kind():
    assert not has_stacked_marks("ကျော်", limit=7, accents=3)
    assert has_stacked_marks("a\u0301\u0301\u0301\u0301", limit=7, accents=3)
    assert has_stacked_marks("a" + "\u0301\u200b" * 9, limit=8)


def test_hostile_text_takes_bounded_time():
    started = time.process_time()
    for text in ("\u0301" * 100_000, "ab\u0301" * 50_000, "\u3164" * 100_000):
        has_stacked_marks(text, limit=8, accents=3)
        without_unseen(text)
    has_unseen("ب" + "\u064b\u200c" * 500)
    assert time.process_time() - started < 3  # seconds of CPU

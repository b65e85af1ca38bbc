"""Word counts, which follow test vectors shared with the browser's counter, and cleaning of texts."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments.text.word_count import clean_text, count_words, is_blank, language_of

VECTORS = json.loads((Path(__file__).parent / "word_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "count"), VECTORS)
def test_count_follows_the_vectors(text: str, count: int):
    assert count_words(text) == count


def test_a_million_letters_without_a_space_are_one_word():
    assert count_words("a" * 1_000_000) == 1


def test_symbols_are_no_words():
    assert count_words("—" * 100_000 + "👍" * 100_000) == 0


@given(st.text(st.characters(codec=None)))
def test_cleaning_does_not_change_the_count(text: str):
    assert count_words(clean_text(text)) == count_words(text)


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_can_be_stored(text: str):
    clean_text(text).encode("utf-8")
    assert "\0" not in clean_text(text)


def test_cleaning_normalizes_line_ends():
    assert clean_text("a\r\nb\rc\x0bd\x85e\u2028f") == "a\nb\nc\nd\ne\nf"


def test_cleaning_drops_control_characters():
    assert clean_text("a\x00b\x07c\x7fd\ud800e\uffff") == "abcde"


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000\u200b", "……——"])
def test_text_of_separators_is_blank(text: str):
    assert is_blank(text)


# What was posted as an empty comment, and the other ranges of Default_Ignorable_Code_Point.
UNSEEN_TEXTS = (
    "\u3164 \u2800 \u00ad \u034f \u115f\u1160 \ufe0f \U000e0061 \uffa0 \u2060 \ufeff \u180e \u200e \U000e0100"
    " \U0001d173 \u061c \u17b4\u17b5 \u180b \u200d \u202e \u2066 \u206f \ufff9 \U0001bca0 \U0001d159"
)


@pytest.mark.parametrize("text", [*UNSEEN_TEXTS.split(" "), "\u2800……\u3164"])
def test_text_of_unseen_characters_is_blank(text: str):
    assert is_blank(text)
    assert is_blank(f"\u3000{text}\n{text} ")
    assert not is_blank(f"{text}a")


def test_an_emoji_is_not_blank():
    assert not is_blank("👍")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A claim.", "en"),
        ("权利要求一", "zh-hans"),
        ("FRAND 承诺值多少钱", "zh-hans"),
        ("The word 专利 means patent", "en"),
        ("👍", "en"),
    ],
)
def test_language_is_that_of_most_words(text: str, language: str):
    assert language_of(text, otherwise="en") == language


def test_language_without_words_is_that_of_the_page():
    assert language_of("👍", otherwise="zh-hans") == "zh-hans"

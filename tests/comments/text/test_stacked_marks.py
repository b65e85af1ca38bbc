"""Texts of few words that would stand as tall as a page, or reach out of their place."""

import pytest

from comments.models import Comment
from comments.text import markup, word_count

MARK = "\u0301"


@pytest.mark.parametrize(
    "text", ["a" + MARK * 9, "a" + (MARK + "\u200d") * 9, "fine, then Z" + "\u0336\u0489\u0301" * 3, MARK * 9]
)
def test_letters_with_piles_of_marks_are_seen(text: str):
    assert word_count.has_stacked_marks(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" + MARK * 8,
        ("a" + MARK) * 100,
        "Việt Nam, e\u0302\u0301",
        "हिन्दी में क्ष्म्य",
        "בְּרֵאשִׁ֖ית",
        "ที่นี่",
        "བསྒྲུབས",
        "👩‍👩‍👧‍👦 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    ],
)
def test_what_languages_write_is_not_a_pile(text: str):
    assert not word_count.has_stacked_marks(text)


def test_lines_are_counted_as_they_are_shown():
    assert word_count.count_lines("one\n\n\n\ntwo\n \nthree") == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a" + MARK * 50, "A letter in this text bears so many marks"),
        ("x\n" * 41, "This text has 41 lines; 40 are the most."),
    ],
)
def test_a_tower_is_refused_and_kept(article, reader, client_of, send, text: str, says: str):
    response = send(client_of(reader), text)
    html = response.content.decode()
    assert response.status_code == 422
    assert says in html
    assert f">\n{text}</textarea>" in html
    assert not Comment.objects.exists()


def test_forty_lines_are_taken(article, reader, client_of, send):
    assert send(client_of(reader), "x\n" * 40).status_code == 302


def test_a_thousand_blank_lines_are_one_gap():
    assert markup.comment_html("one" + "\n" * 1000 + "two") == '<p dir="auto">one</p><p dir="auto">two</p>'


def test_an_unbalanced_override_ends_with_its_paragraph():
    assert markup.comment_html("\u202egnol\n\nshort") == '<p dir="auto">\u202egnol</p><p dir="auto">short</p>'

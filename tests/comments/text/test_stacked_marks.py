"""Texts of few words that would fill a page or cover other lines."""

import pytest

from comments.models import Comment
from comments.text import markup, word_count

MARK = "\u0301"


@pytest.mark.parametrize(
    "text", ["a" + MARK * 9, "a" + (MARK + "\u200d") * 9, "fine, then Z" + "\u0336\u0489\u0301" * 3, MARK * 9]
)
def test_stacked_marks_are_recognized(text: str):
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
def test_marks_of_real_languages_are_allowed(text: str):
    assert not word_count.has_stacked_marks(text)


def test_blank_lines_are_not_counted():
    assert word_count.count_lines("one\n\n\n\ntwo\n \nthree") == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + MARK * 50, "A letter in this text bears so many marks"),
        ("x\n" * 41, "This text has 41 lines; 40 are the most."),
    ],
)
def test_too_tall_text_is_returned(article, reader, client_of, send, text: str, message: str):
    response = send(client_of(reader), text)
    html = response.content.decode()
    assert response.status_code == 422
    assert message in html
    assert f">\n{text}</textarea>" in html
    assert not Comment.objects.exists()


def test_forty_lines_are_posted(article, reader, client_of, send):
    assert send(client_of(reader), "x\n" * 40).status_code == 302


def test_a_thousand_blank_lines_are_one_paragraph_break():
    assert markup.comment_html("one" + "\n" * 1000 + "two") == '<p dir="auto">one</p><p dir="auto">two</p>'


def test_bidirectional_override_ends_with_its_paragraph():
    assert markup.comment_html("\u202egnol\n\nshort") == '<p dir="auto">\u202egnol</p><p dir="auto">short</p>'

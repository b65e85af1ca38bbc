"""Notices for authors: what was left out, shown as typed or refused, on which line, in their language."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from articles.markdown import render
from articles.models import Draft
from articles.services import create_article, notices_of, publish, save_draft

TOLD = {
    "a tag": ("a\n\nb <custom> c", "tag", 3, "<custom>"),
    "a script": ("a <script>", "tag", 1, "<script>"),
    "a form in a block": ("<div>\n<form>\n</div>", "tag", 2, "<form>"),
    "a frame": ('<iframe src="https://evil.example/"></iframe>', "frame", 1, "https://evil.example/"),
    "a video": ('x\n\n<video src="a.mp4"></video>', "media", 3, '<video src="a.mp4">'),
    "a picture in its address": ("![x](data:image/png;base64,AA)", "picture", 1, "data:image/png;base64,AA"),
    "a picture in a tag": ('<img src="data:image/png;base64,AA">', "picture", 1, "data:image/png;base64,AA"),
    "an address": ("[x](javascript:alert(1))", "address", 1, "javascript:alert(1)"),
    "an address in a tag": ('<a href="ftp://a.example">x</a>', "address", 1, "ftp://a.example"),
    "an attribute": ('<b onclick="x()">y</b>', "attribute", 1, 'onclick="x()"'),
    "a style": ('<div style="color:red">y</div>', "attribute", 1, 'style="color:red"'),
    "front matter": ("---\ntitle: x\n---\n\ny", "front matter", 3, ""),
    "a formula": ("a $\\frac{$ b", "math", 1, "\\frac{"),
    "code without end": ("a\n\n```\nb", "fence", 3, ""),
    "a note twice": ("a[^1]\n\n[^1]: b\n[^1]: c", "note twice", 4, "1"),
    "a note unused": ("a\n\n[^1]: b", "note unused", 3, "1"),
    "a reference unused": ("a\n\n[b]: /c", "reference unused", 3, "b"),
    "an address with blanks": ("[a](b/c d)", "blanks", 1, "b/c d"),
    "a character": ("a\x00", "character", 1, ""),
}


@pytest.mark.parametrize(("text", "code", "line", "quoted"), TOLD.values(), ids=TOLD)
def test_the_author_is_told(text, code, line, quoted):
    told = [(notice.code, notice.line, notice.text) for notice in render(text).notices]
    assert (code, line, quoted) in told


@pytest.mark.parametrize(
    "text",
    [
        "a **b** `<c>` [d](/e)\n\n- f\n\n<kbd>g</kbd> a<b，则 b>a, 5 < 6 > 4",
        '<iframe src="https://www.youtube.com/embed/x"></iframe>',
        "a[^1] $x$\n\n[^1]: b",
        "<!-- a -->",
    ],
)
def test_there_is_nothing_to_tell_of_plain_text(text):
    assert render(text).notices == []


def test_notices_are_sentences_in_the_language_of_who_reads_them():
    with translation.override("en"):
        notice = render("a <custom>").notices[0]
    assert str(notice) == "Line 1: “<custom>” is no tag that articles may have. It is shown as you typed it."
    with translation.override("zh-hans"):
        assert str(notice).startswith("第 1 行")


def test_a_long_quotation_is_cut():
    assert "…" in str(render(f'<b onclick="{"x" * 200}">y</b>').notices[0])


@pytest.mark.django_db
def test_the_draft_tells_its_notices():
    article = create_article(title="T", body="a <custom>\n\n[x](ftp://a.example)")
    assert [notice.code for notice in notices_of(article.draft)] == ["tag", "address"]


@pytest.mark.django_db
def test_publish_refuses_a_text_that_would_lose_letters_and_names_the_line(monkeypatch):
    article = create_article(title="T", body="one\n\ntwo")
    monkeypatch.setattr("articles.services.lost_text", lambda *_: [(3, "two")])

    with pytest.raises(ValidationError, match="Line 3: “two” would be lost"):
        publish(article)

    article.refresh_from_db()
    assert article.publish_at is None
    assert [str(notice) for notice in notices_of(article.draft)][-1].startswith("Line 3: “two” would be lost")


@pytest.mark.django_db
def test_a_draft_that_would_lose_letters_can_be_saved(monkeypatch):
    article = create_article(title="T", body="one")
    monkeypatch.setattr("articles.services.lost_text", lambda *_: [(1, "one")])
    save_draft(article, body="two")
    assert Draft.objects.get(article=article).body == "two"

"""Texts of realistic length for benchmarks: paragraphs of the demo publication in random order, rendered once
each.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from articles.demo.load import article_files
from articles.models import Article, Draft
from articles.search import index_text
from articles.services import render_draft
from comments.models import Comment
from comments.services.transitions import set_body
from ictiger.core.languages import Language

TEXTS_PER_LANGUAGE = 128
SHORTEST, LONGEST = 300, 2_000  # words
REMARKS_PER_LANGUAGE = 200
# Lists, tables, code, pictures and footnotes; paragraphs without them make sense anywhere.
_NO_PROSE = re.compile(r"^\s|^[-*|#>!`\d]|\[\^|\n", re.MULTILINE)
_SENTENCE = re.compile(r"[^.。？?]+[.。？?]")


@dataclass(frozen=True)
class Text:
    """An article's text with everything that publishing derives from it."""

    title: str
    summary: str
    body: str
    body_html: str
    contents: list
    words: int
    reading_minutes: int
    search_text: str


@dataclass(frozen=True)
class Remark:
    """A comment's text with what posting derives from it."""

    body: str
    body_html: str
    words: int
    fingerprint: str
    language: str


def texts(language: str, chance: random.Random) -> list[Text]:
    """Make texts whose lengths are spread evenly between SHORTEST and LONGEST words."""
    files = [(front, body) for front, body in article_files() if front["language"] == language]
    prose = [paragraph for _front, body in files for paragraph in _paragraphs(body)]
    headings = [line[3:] for _front, body in files for line in body.splitlines() if line.startswith("## ")]
    step = (LONGEST - SHORTEST) / (TEXTS_PER_LANGUAGE - 1)
    return [
        _text(language, SHORTEST + round(step * n), prose, headings, chance)
        for n in range(TEXTS_PER_LANGUAGE)
    ]


def remarks(language: str, chance: random.Random) -> list[Remark]:
    """Make remarks of one to three sentences, well below the word limit of a reply."""
    prose = [
        paragraph
        for front, body in article_files()
        if front["language"] == language
        for paragraph in _paragraphs(body)
    ]
    sentences = [
        sentence.strip()
        for paragraph in prose
        for sentence in _SENTENCE.findall(re.sub(r"[*`]", "", paragraph))
    ]
    short = [sentence for sentence in sentences if 10 <= len(sentence) <= 120 and "[" not in sentence]
    return [
        _remark(" ".join(chance.sample(short, chance.randint(1, 3))), language)
        for _ in range(REMARKS_PER_LANGUAGE)
    ]


def _paragraphs(body: str) -> Iterator[str]:
    for block in body.split("\n\n"):
        joined = " ".join(block.strip().splitlines())
        if (
            len(joined) > 80
            and not _NO_PROSE.search(block.strip().splitlines()[0])
            and not _NO_PROSE.search(joined)
        ):
            yield joined


def _text(language: str, length: int, prose: list[str], headings: list[str], chance: random.Random) -> Text:
    body, words, number = [], 0, 0
    while words < length:
        if number % 4 == 0:
            body.append(f"## {chance.choice(headings)}")
        body.append(chance.choice(prose))
        words += len(body[-1]) if language == Language.ZH_HANS else body[-1].count(" ") + 1
        number += 1
    title, summary = chance.choice(headings), chance.choice(prose)[:300]
    draft = Draft(article=Article(language=language), body="\n\n".join(body))
    rendered = render_draft(draft)
    search_text = index_text(title, summary, rendered.text)
    return Text(
        title,
        summary,
        draft.body,
        rendered.html,
        rendered.contents,
        rendered.words,
        rendered.reading_minutes,
        search_text,
    )


def _remark(body: str, language: str) -> Remark:
    comment = Comment(article=Article(language=language), created_at=timezone.now())
    set_body(comment, body)
    return Remark(comment.body, comment.body_html, comment.words, comment.fingerprint, comment.language)

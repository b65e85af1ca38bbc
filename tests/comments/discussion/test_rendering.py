"""Edits that belong together when a comment shows one more thing: the list in CommentRenderer's docstring."""

import re
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from comments.discussion import rendering, threads
from comments.discussion.rendering import COMMON_VALUES, RARE_VALUES, CommentRenderer, FragmentKey
from comments.discussion.threads import COLUMNS
from comments.discussion_status import discussion_status
from comments.policy import HoldRule, RemovedBy, State

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
AUTHOR, ARTICLE_AUTHOR = 7, 8
# Values of each column, the first as usual. A new column fails the first test until it has some.
ALTERNATIVES: dict[str, list[Any]] = {
    "pk": [5, 6],
    "parent_id": [None, 2],
    "thread_no": [1, 2],
    "state": list(State),
    "reason": ["", HoldRule.NEWCOMER, HoldRule.APPEALED, RemovedBy.AUTHOR, RemovedBy.MODERATOR],
    "note": ["", "Which claim?"],
    "body_html": ["<p>An argument.</p>", "<p>Another.</p>"],
    "language": ["en", "zh-hans"],
    "created_at": [NOW, NOW - timedelta(hours=1)],
    "created_en": ["5 May 2026, 20:00", "6 May 2026, 20:00"],
    "created_zh": ["2026年5月5日 20:00", "2026年5月6日 20:00"],
    "edited_at": [None, NOW],
    "revised_at": [None, NOW],
    "appealed_at": [None, NOW],
    "author_id": [AUTHOR, ARTICLE_AUTHOR, None],
    "author__display_name": ["Lin", "Zhou"],
    "replied_to_id": [None, 2, 3],
    "replied_to__state": [None, State.VISIBLE, State.REMOVED],
    "replied_to__author_id": [None, AUTHOR],
    "replied_to__author__display_name": [None, "Wang"],
}
TEMPLATES = [rendering.TEMPLATE, "comments/_comment_state.html", "comments/_comment_actions.html"]
# Read by threads.py, to build the threads, and not shown.
STRUCTURE_COLUMNS = {"parent_id", "thread_no"}


class RecordingRow:
    """A row that records which of its columns are read. Reading a column that it does not have fails."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name not in self.values:
            raise AttributeError(f"column {name} is read, but not fetched")
        self.read.add(name)
        return self.values[name]


@pytest.fixture(autouse=True)
def _within_the_edit_window(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def public_renderer(article) -> CommentRenderer:
    renderer = CommentRenderer(article, discussion_status(article))
    renderer.article_author_ids = {ARTICLE_AUTHOR}
    return renderer


def value_combinations() -> Iterator[dict[str, Any]]:
    """The usual row, and rows in which one or two columns have another value."""
    usual = {column: values[0] for column, values in ALTERNATIVES.items()}
    usual["state"] = State.VISIBLE
    yield usual
    for column, values in ALTERNATIVES.items():
        for value in values:
            yield usual | {column: value}
    for one, other in combinations(ALTERNATIVES, 2):
        for one_value in ALTERNATIVES[one]:
            for other_value in ALTERNATIVES[other]:
                yield usual | {one: one_value, other: other_value}


def public_rows(date_column: str = "created_en") -> Iterator[dict[str, Any]]:
    """As the queries for public pages fetch them."""
    columns = [column for column in COLUMNS if column == date_column or column not in threads._AUTHOR_COLUMNS]
    for values in value_combinations():
        yield {column: values[column] for column in columns} | {"created_text": "2026-05-05 12:00:00+00"}


def as_row(values: dict[str, Any]) -> tuple:
    return namedtuple("Row", values)(**values)


def template_names() -> set[str]:
    """Every name in the tags and variables of the templates of a comment."""
    names: set[str] = set()
    for template in TEMPLATES:
        source = (Path(settings.BASE_DIR) / "templates" / template).read_text(encoding="utf-8")
        for tag in re.findall(r"{[{%](.*?)[}%]}", source):
            names |= set(re.findall(r"\w+", tag))
    return names


def test_each_column_has_values_to_test_with():
    assert set(COLUMNS) - set(ALTERNATIVES) == set(), "add values of these columns to ALTERNATIVES"
    assert set(ALTERNATIVES) - set(COLUMNS) == set(), "these are no columns"


def test_each_column_is_used_for_the_author():
    renderer, read = CommentRenderer(), set()
    for values in value_combinations():
        row = RecordingRow(values)
        renderer.html(row)
        read |= row.read
    other_date = {"created_zh"}  # of the Chinese page
    assert set(COLUMNS) - read - STRUCTURE_COLUMNS - other_date == set(), "no value is made of these columns"


def test_public_pages_fetch_the_columns_that_they_use(public_renderer):
    fetched, read = set(), set()
    for values in public_rows():
        row = RecordingRow(values)
        public_renderer.html(row)
        public_renderer._fragment_key(row, False)
        fetched |= set(values)
        read |= row.read
    assert fetched - read - STRUCTURE_COLUMNS == set(), "for authors alone: add these to _AUTHOR_COLUMNS"


def test_each_field_of_the_key_is_in_the_template():
    assert set(FragmentKey._fields) - template_names() == set(), "the templates do not use these fields"


def test_each_field_of_the_key_takes_different_values(public_renderer):
    keys = [CommentRenderer()._fragment_key(as_row(values), True) for values in value_combinations()]
    keys += [public_renderer._fragment_key(as_row(values), True) for values in value_combinations()]
    constant = {name for name in FragmentKey._fields if len({getattr(key, name) for key in keys}) == 1}
    assert constant == set(), "_fragment_key never changes these fields, or ALTERNATIVES has no row for it"


def test_comments_with_one_lookup_key_share_their_fragment(public_renderer):
    fragment_keys: dict[tuple, FragmentKey] = {}
    for values in public_rows():
        for on_other_page in (False, True):
            row = as_row(values)
            lookup_key = public_renderer._lookup_key(row, on_other_page)
            fragment_key = public_renderer._fragment_key(row, on_other_page)
            expected = fragment_keys.setdefault(lookup_key, fragment_key)
            differing = {
                name for name in FragmentKey._fields if getattr(fragment_key, name) != getattr(expected, name)
            }
            assert differing == set(), "_lookup_key lacks what these fields depend on"


def test_each_placeholder_is_in_the_template():
    assert (COMMON_VALUES | RARE_VALUES) - template_names() == set(), "the templates do not use these values"


def test_each_rare_value_is_made():
    renderer = CommentRenderer()
    made: set[str] = set()
    for values in value_combinations():
        made |= set(renderer._rare_values(as_row(values)))
    assert RARE_VALUES - made == set(), "_rare_values does not make these"
    assert made - RARE_VALUES == set(), "add these to RARE_VALUES"

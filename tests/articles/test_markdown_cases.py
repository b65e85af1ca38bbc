"""Each case of the two collections of faults: what the renderer makes of it now, and what was lost before."""

import re
from types import SimpleNamespace

import pytest

from articles.markdown import lost_text, render

from .markdown_cases import CASES, Case

by_name = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@by_name
def test_a_case_is_rendered_right(case: Case):
    rendered = render(case.typed, site_url="http://testserver.example")
    assert rendered.html.strip() == case.after
    assert lost_text(case.typed, rendered) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.lost], ids=lambda case: case.name)
def test_the_comparison_finds_what_the_release_before_lost(case: Case):
    assert lost_text(case.typed, SimpleNamespace(html=case.before, note_lines={}))


def test_most_cases_were_wrong_before():
    wrong = [case for case in CASES if re.sub(r"\n+", "\n", case.before) != re.sub(r"\n+", "\n", case.after)]
    assert len(wrong) > 60
    assert sum(case.lost for case in CASES) == 10

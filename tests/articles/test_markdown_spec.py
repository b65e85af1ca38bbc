"""The examples of CommonMark 0.31 and of GFM, from packages that .ci/run downloads. None is copied here.

ICTIGER_SPECS names the folder with the unpacked sources of markdown-it-py 4.3.0 and marko 2.2.4. Without it
the tests are skipped, or fail with ICTIGER_SPECS_REQUIRED.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from articles.markdown import render

from .markdown_spec import Example, comparable, examples_of

FILES = {"CommonMark 0.31.2": "spec.md", "GFM 0.29": "gfm.txt"}
SHARE = 0.97  # of the examples about what we allow

UNKNOWN_TAG = "a tag that articles may not have is text, so what stands in it is Markdown"
SHOWN_CODE = "scripts, styles, forms and programs are shown as code, as typed"
SCHEME = "links have one of four schemes"
BARE = "bare addresses are links, as in GFM"
BLANKS = "an address may have blanks in it (authors paste them), and the author is told"
NESTED_STRONG = "strong within strong is kept, as in CommonMark 0.31"
EXTRA_CELL = "no cell is dropped"
TABLE = (
    "what stands in a table and in none of its cells ends the table: browsers would move it before the table"
)
# What departs, and why. Examples in it are not about what we allow.
DEPARTURES = {
    "CommonMark 0.31.2": {
        **dict.fromkeys([163], UNKNOWN_TAG),
        **dict.fromkeys([170, 171, 172, 173, 176, 178, 180, 181, 182], SHOWN_CODE),
        **dict.fromkeys([191], TABLE),
        **dict.fromkeys([488], BLANKS),
        **dict.fromkeys([596, 598, 599, 601], SCHEME),
        **dict.fromkeys([602, 608, 611, 612], BARE),
    },
    "GFM 0.29": {
        **dict.fromkeys([133], UNKNOWN_TAG),
        **dict.fromkeys([140, 141, 142, 145, 147, 149, 150, 151], SHOWN_CODE),
        **dict.fromkeys([160], TABLE),
        **dict.fromkeys([204], EXTRA_CELL),
        **dict.fromkeys([398, 426, 434, 435, 436, 473, 474, 475, 477], NESTED_STRONG),
        **dict.fromkeys([497], BLANKS),
        **dict.fromkeys([604, 606, 607, 609, 628], SCHEME),
        **dict.fromkeys([610, 616, 619, 620], BARE),
    },
}


def _folder() -> Path | None:
    folder = os.environ.get("ICTIGER_SPECS", "")
    return Path(folder) if folder else None


def _examples(name: str) -> list[Example]:
    folder = _folder()
    found = sorted(folder.rglob(FILES[name])) if folder is not None else []
    if not found:
        if os.environ.get("ICTIGER_SPECS_REQUIRED"):
            pytest.fail(f"{FILES[name]} is not below ICTIGER_SPECS")
        pytest.skip("ICTIGER_SPECS names no folder with the specifications; .ci/run downloads them")
    return examples_of(found[0])


def _is_as_expected(example: Example) -> bool:
    try:
        return comparable(render(example.source).html) == comparable(example.expected)
    except ValidationError:
        return False


@pytest.mark.parametrize("name", FILES)
def test_examples_of_the_specification(name, capsys):
    examples, departures = _examples(name), DEPARTURES[name]
    right = {example.number for example in examples if _is_as_expected(example)}
    total, good = (
        Counter(example.section for example in examples if keep(example))
        for keep in (bool, lambda e: e.number in right)
    )
    with capsys.disabled():  # the figures belong in CI's log
        print(f"\n{name}: {len(right)} of {len(examples)} examples")  # noqa: T201
        for section, count in total.items():
            if good[section] < count:
                print(f"  {section}: {good[section]} of {count}")  # noqa: T201
    allowed = [example.number for example in examples if example.number not in departures]
    wrong = [number for number in allowed if number not in right]
    assert len(examples) > 600
    assert len(allowed) - len(wrong) >= SHARE * len(allowed), wrong
    assert wrong == [], "an example came out wrong that used to be right"
    assert not right & departures.keys(), "an example of the table of departures comes out right: take it out"

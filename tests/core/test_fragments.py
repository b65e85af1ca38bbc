"""Templates that are rendered once and filled many times."""

import pytest
from django.utils.html import escape

from ictiger.core.fragments import compile_fragment, placeholder


@pytest.fixture
def written(settings, tmp_path):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path], "APP_DIRS": False}]
    return lambda text: (tmp_path / "a.html").write_text(text, encoding="utf-8")


def test_a_mould_is_filled_with_what_comes_later(written):
    written('{% if is_new %}<b class="{{ kind }}">{{ name }}</b>, {{ name }}{% endif %}')
    made = compile_fragment("a.html", {"name": placeholder("name"), "kind": "x", "is_new": True})
    assert made % {"name": escape("<Anna>")} == '<b class="x">&lt;Anna&gt;</b>, &lt;Anna&gt;'


@pytest.mark.parametrize("value", ["%", "%s", "%(name)s", "100 %", "\0name\0", "{{ name }}"])
def test_a_value_is_put_in_as_it_is(written, value):
    written("{{ name }}: 5 % of {{ other }} are %(name)s")
    made = compile_fragment("a.html", {"name": placeholder("name"), "other": "50%"})
    assert made % {"name": value} == f"{value}: 5 % of 50% are %(name)s"

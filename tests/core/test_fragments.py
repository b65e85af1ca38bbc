"""Templates that are rendered once, with placeholders, and filled many times."""

import pytest
from django.utils.html import escape

from ictiger.core.fragments import compile_fragment, placeholder


@pytest.fixture
def write_template(settings, tmp_path):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path], "APP_DIRS": False}]
    return lambda text: (tmp_path / "a.html").write_text(text, encoding="utf-8")


def test_placeholders_are_filled_later(write_template):
    write_template('{% if is_new %}<b class="{{ kind }}">{{ name }}</b>, {{ name }}{% endif %}')
    fragment = compile_fragment("a.html", {"name": placeholder("name"), "kind": "x", "is_new": True})
    assert fragment % {"name": escape("<Anna>")} == '<b class="x">&lt;Anna&gt;</b>, &lt;Anna&gt;'


@pytest.mark.parametrize("value", ["%", "%s", "%(name)s", "100 %", "\0name\0", "{{ name }}"])
def test_value_is_inserted_unchanged(write_template, value):
    write_template("{{ name }}: 5 % of {{ other }} are %(name)s")
    fragment = compile_fragment("a.html", {"name": placeholder("name"), "other": "50%"})
    assert fragment % {"name": value} == f"{value}: 5 % of 50% are %(name)s"

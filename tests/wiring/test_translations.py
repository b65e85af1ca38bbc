"""The catalogues: every literal is translated into Chinese, and .mo files agree with .po files.

Needs no gettext: Python and Django's template lexer extract the literals from the source.
"""

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import allauth
import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation.template import templatize

SOURCES = ("accounts", "articles", "comments", "ictiger")
OURS, LIBRARIES = (Path(folder) / "zh_Hans" / "LC_MESSAGES" / "django.po" for folder in settings.LOCALE_PATHS)
CATALOGUES = [pytest.param(OURS, id="ours"), pytest.param(LIBRARIES, id="libraries")]
# The positions of context, message and plural among the arguments of each function.
FUNCTIONS = {"gettext": "m", "ngettext": "mp", "pgettext": "cm", "npgettext": "cmp"}
CALL = re.compile(r"\b(_|n?p?gettext)\((.*)", re.DOTALL)
STRING = re.compile(r"""\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*[,)]""", re.DOTALL)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[ds]|\{\w*\}|#(?![a-z0-9-])|<[^>]+>")
CHINESE = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
HALF_WIDTH = re.compile(rf"[{CHINESE}][,.;:?()'\"]|[,;?(][{CHINESE}]")

Message = tuple[str | None, str, str]  # context, message, plural


def message_of(function: str, strings: list[str]) -> Message:
    """The message of a call by its function (`gettext_lazy` is `gettext`) and the strings it begins with."""
    arguments = dict(zip(FUNCTIONS[function], strings, strict=False))
    return arguments.get("c"), arguments["m"], arguments.get("p", "")


def in_python(source: str) -> Iterator[Message]:
    tree = ast.parse(source)
    named = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy").removesuffix("_noop")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and named.get(node.func.id) in FUNCTIONS
        ):
            strings = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if strings:  # `_(name)` has its literal elsewhere
                yield message_of(named[node.func.id], strings)


def in_template(source: str) -> Iterator[Message]:
    """Django converts a template into lines of calls for xgettext, which are read one after another."""
    rest = templatize(source)
    while match := CALL.search(rest):
        function, rest = match[1], match[2]
        strings = list(leading_strings(rest))
        if strings:
            yield message_of("gettext" if function == "_" else function, strings)


def leading_strings(arguments: str) -> Iterator[str]:
    while match := STRING.match(arguments):
        yield ast.literal_eval(match[1])
        if match[0].endswith(")"):
            return
        arguments = arguments[match.end() :]


@cache
def in_file(path: Path) -> frozenset[Message]:
    return frozenset((in_python if path.suffix == ".py" else in_template)(path.read_text()))


def in_the_source() -> frozenset[Message]:
    scripts = (path for app in SOURCES for path in (settings.BASE_DIR / app).rglob("*.py"))
    templates = (
        path for path in (settings.BASE_DIR / "templates").rglob("*.*") if path.suffix in (".html", ".txt")
    )
    return frozenset().union(*map(in_file, (*scripts, *templates)))


def read(path: Path) -> polib.POFile:
    return polib.pofile(str(path), wrapwidth=0)


def messages(path: Path) -> list[tuple[str, str]]:
    """Each message with what is said in its place.

    The plural form, where there is one, has every placeholder: it is the model.
    """
    return [
        (entry.msgid_plural or entry.msgid, entry.msgstr_plural[0] if entry.msgid_plural else entry.msgstr)
        for entry in read(path)
    ]


def test_literals_are_found_in_python():
    source = """
from django.utils.translation import gettext_lazy as _, ngettext, npgettext_lazy
_("One " "sentence."), ngettext("%d day", "%d days", n)
npgettext_lazy("feed", "entry", "entries", n), other("No literal"), _(name)
"""
    assert set(in_python(source)) == {
        (None, "One sentence.", ""),
        (None, "%d day", "%d days"),
        ("feed", "entry", "entries"),
    }


def test_literals_are_found_in_templates():
    source = """{% load i18n %}{% translate "It's one" %}{% translate ", " context "names" %}
{{ x|default:_("None") }}
{% blocktranslate trimmed count n=n with a="b" %}
  {{ n }} day of 100%
{% plural %}{{ n }} days{% endblocktranslate %}"""
    assert set(in_template(source)) == {
        (None, "It's one", ""),
        ("names", ", ", ""),
        (None, "None", ""),
        (None, "%(n)s day of 100%%", "%(n)s days"),
    }


def test_every_literal_is_in_the_catalogue_and_no_other():
    catalogue = {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in read(OURS)}
    source = in_the_source()
    assert source - catalogue == set()
    assert catalogue - source == set()


@pytest.mark.parametrize("path", CATALOGUES)
def test_every_message_is_translated(path):
    catalogue = read(path)
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    assert catalogue.fuzzy_entries() == []
    assert catalogue.obsolete_entries() == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_the_catalogue_names_no_person_and_no_machine(path):
    text = path.read_text()
    assert re.findall(r"[\w.-]+@[\w-]+\.\w+", text) == []
    assert re.findall(r"^#: /.*", text, re.MULTILINE) == []
    assert read(path).metadata["Language-Team"] == "ICTiger"


@pytest.mark.parametrize("path", CATALOGUES)
def test_compiled_catalogue_agrees_with_its_source(path):
    compiled = {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in polib.mofile(str(path.with_suffix(".mo")))
    }
    written = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in read(path)}
    assert compiled == written


@pytest.mark.parametrize("path", CATALOGUES)
def test_placeholders_and_tags_are_the_same_in_both_languages(path):
    for english, chinese in messages(path):
        assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english)), english


@pytest.mark.parametrize("path", CATALOGUES)
def test_chinese_has_the_punctuation_of_chinese(path):
    bad = [chinese for _english, chinese in messages(path) if HALF_WIDTH.search(PLACEHOLDER.sub("", chinese))]
    assert bad == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_no_message_has_an_exclamation_mark(path):
    assert [pair for pair in messages(path) if re.search("[!！]", "".join(pair))] == []


@pytest.mark.parametrize("words", ["你", "哦", "啦", "哎呀", "电子邮件地址", "登出", "帐号", "账户"])
def test_barred_words_are_not_used(words):
    """Each thing has one name, and readers are addressed as 您."""
    assert [
        chinese for path in (OURS, LIBRARIES) for _english, chinese in messages(path) if words in chinese
    ] == []


def test_messages_for_libraries_exist_in_the_libraries():
    """A message that a library has dropped or reworded would stand here for nothing.

    Each names the file it comes from.
    """
    packages, unknown = Path(allauth.__file__).parents[1], []
    for entry in read(LIBRARIES):
        source = packages / entry.occurrences[0][0]
        if (entry.msgctxt, entry.msgid, entry.msgid_plural) not in in_file(source):
            unknown.append(entry.msgid)
    assert unknown == []


def test_no_message_is_in_both_catalogues():
    """Ours would replace the library's; such a message of ours needs a context."""
    ours, theirs = ({(entry.msgctxt, entry.msgid) for entry in read(path)} for path in (OURS, LIBRARIES))
    assert ours & theirs == set()


def test_chinese_dates_have_no_leading_nought():
    day = datetime(2026, 9, 5, 8, 30)
    with translation.override("zh-hans"):
        assert [
            date_format(day, name)
            for name in ("DATE_FORMAT", "MONTH_DAY_FORMAT", "YEAR_MONTH_FORMAT", "DATETIME_FORMAT")
        ] == [
            "2026年9月5日",
            "9月5日",
            "2026年9月",
            "2026年9月5日 08:30",
        ]

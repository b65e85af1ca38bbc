"""Names: those of every living script are taken, and the rules that refuse one."""

import pytest

from accounts.display_names import (
    NameFault,
    fault_of,
    is_placeholder,
    is_reserved,
    normalize_name,
    skeleton,
)

from .given_names import GIVEN_NAMES

NAMES = [(script, name) for script, names in GIVEN_NAMES.items() for name in names.split()]


def test_the_table_has_200_names_in_40_scripts():
    assert len(GIVEN_NAMES) >= 40
    assert len(set(NAMES)) >= 200


@pytest.mark.parametrize(("script", "name"), NAMES)
def test_names_of_living_scripts_are_taken_as_they_are(script: str, name: str):
    normal = normalize_name(name)

    assert fault_of(normal) is None
    assert normalize_name(normal) == normal
    assert not is_reserved(normal)
    assert not is_placeholder(normal)


def test_different_names_look_different():
    """Vowel signs are no accents: without them राम and रमा would be one name."""
    assert skeleton("राम") != skeleton("रमा")
    by_skeleton = {skeleton(name): name for _script, name in NAMES}
    assert len(by_skeleton) == len({name for _script, name in NAMES})


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("علی\u200c", NameFault.UNSEEN),  # a joiner that joins nothing
        ("\u200cعلی", NameFault.UNSEEN),
        ("An\u200cna", NameFault.UNSEEN),  # Latin letters need no joiners
        ("An\u200dna", NameFault.UNSEEN),
        ("李\u200d雷", NameFault.UNSEEN),
        ("ශ\u200dරී", NameFault.UNSEEN),  # not after a virama
        ("ක්\u200d\u200dර", NameFault.UNSEEN),  # twice
        ("Anna\U000e0100", NameFault.UNSEEN),  # a variation selector after a Latin letter
        ("葛\U000e0100\U000e0100", NameFault.UNSEEN),
        ("An\u180ena", NameFault.UNSEEN),
        ("An\u00adna", NameFault.UNSEEN),
        ("An\u034fna", NameFault.UNSEEN),
        ("\u2800", NameFault.UNSEEN),
        ("\U000e0061nna", NameFault.UNSEEN),
        ("\u0301\u0302", NameFault.NO_LETTER),
        ("…", NameFault.NO_LETTER),
        ("Z\u0300\u0301\u0302\u0303", NameFault.MARKS),
        ("က" + "ာ" * 8, NameFault.MARKS),
        ("buy-viagra.example", NameFault.ADDRESS),
        ("Anna www.example.com", NameFault.ADDRESS),
        ("淘宝。com", NameFault.ADDRESS),
        ("ｔａｏｂａｏ．ｃｏｍ", NameFault.ADDRESS),
        ("淘宝.公司", NameFault.ADDRESS),
        ("tao.bao.top", NameFault.ADDRESS),
        ("anna＠qq", NameFault.ADDRESS),
        ("Аnna", NameFault.MIXED),
    ],
)
def test_a_name_is_refused_for_its_fault(name: str, fault: NameFault):
    assert fault_of(normalize_name(name)) == fault


@pytest.mark.parametrize(
    "name", ["J.R.R. Tolkien", "St.John", "Dr. Ai", "R.E.M.", "O’Neil Jr.", "Mr. Li", "A.B.", "No. 6"]
)
def test_a_name_with_dots_is_no_address(name: str):
    assert fault_of(name) is None


@pytest.mark.parametrize(
    "name",
    ["Reader 14", "reader14", "Ｒｅａｄｅｒ　７", "读者 14", "Former reader", "已注销的读者", "Rеader 3"],
)
def test_a_name_that_stands_for_no_name_is_known(name: str):
    assert is_placeholder(name)


@pytest.mark.parametrize("name", ["Careful Reader", "Reader of Books", "读者文摘", "Readie"])
def test_a_name_with_the_word_reader_in_it_is_none_of_them(name: str):
    assert not is_placeholder(name)

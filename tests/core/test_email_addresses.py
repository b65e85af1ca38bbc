"""The one form of an address: by IDNA 2008, the same at every step, and checked in the stored form."""

import time

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from hypothesis import given
from hypothesis import strategies as st

from ictiger.core.email_addresses import (
    InvalidAddress,
    ascii_domain,
    canonical_address,
    has_lookalike_domain,
    is_folded,
    same_address,
)
from ictiger.mail.message import NotAnAddress, parsed_address


@pytest.mark.parametrize(
    ("typed", "stored", "wire"),
    [
        ("anna@faß.example", "anna@faß.example", "anna@xn--fa-hia.example"),
        ("anna@xn--fa-hia.example", "anna@faß.example", "anna@xn--fa-hia.example"),
        ("anna@XN--FA-HIA.example", "anna@faß.example", "anna@xn--fa-hia.example"),
        ("Anna@FASS.example", "anna@fass.example", "anna@fass.example"),
        ("info@βόλος.example", "info@βόλος.example", "info@xn--nxasmm1c.example"),
        ("info@نامه‌ای.example", "info@نامه‌ای.example", "info@xn--mgba3gch31f060k.example"),
        ("s@例子.公司", "s@例子.公司", "s@xn--fsqu00a.xn--55qx5d"),
        ("s@ＱＱ.com", "s@qq.com", "s@qq.com"),
        ("s＠qq.com", "s@qq.com", "s@qq.com"),
        ("s﹫qq.com", "s@qq.com", "s@qq.com"),
        ("s@qq。com", "s@qq.com", "s@qq.com"),
        ("s@qq｡com", "s@qq.com", "s@qq.com"),
        ("s@qq．com", "s@qq.com", "s@qq.com"),
        ("s@qq.com。", "s@qq.com", "s@qq.com"),
        ("ｓ１＠ｑｑ．ｃｏｍ", "s1@qq.com", "s1@qq.com"),
        ("\u3000s@qq.com\u3000", "s@qq.com", "s@qq.com"),
        ("s@bu\u0308cher.example", "s@bücher.example", "s@xn--bcher-kva.example"),
        ("s@shop.xn--vermgensberatung-pwb", "s@shop.vermögensberatung", "s@shop.xn--vermgensberatung-pwb"),
        ("s@shop.xn--p1ai", "s@shop.рф", "s@shop.xn--p1ai"),
        ("s@𐐨𐐩.example", "s@𐐨𐐩.example", "s@xn--hj8cc.example"),
    ],
)
def test_address_has_one_form(typed: str, stored: str, wire: str):
    assert canonical_address(typed) == same_address(typed) == stored
    assert canonical_address(stored) == canonical_address(wire) == stored
    assert parsed_address(stored).addr_spec == wire
    validate_email(stored)


@pytest.mark.parametrize(
    "typed",
    [
        *(f"s@qq.com{mark}" for mark in "，；！）…：、？》」.,;!):"),
        "s@qq.com\u3000com",
        "s@qq.com。。",
        "s@qq..com",
        "s@。com",
        "s@qq",
        "s@com。",
        "s@☕.example",
        "s@a_b.example",
        "s@-a.example",
        "s@xn--zzzzzz.example",
        "s@xn--.example",
        "s@xn--fass-.example",
        "s@ab--cd.example",
        "s@a\u200cb.example",
        "s@\u0301a.example",
        "s@qq.123",
        f"s@{'a' * 64}.example",
        f"s@{'a.' * 127}example",
        "s@[192.0.2.1]",
        "s＠",
        "＠qq.com",
        "s\u3164@qq.com",
        "",
        "s@" + "ß" * 100_000,
        "@" * 100_000,
        "s@" + "\u0dd9" * 1_000,
    ],
)
def test_what_is_no_address_after_folding_is_refused(typed: str):
    started = time.process_time()
    with pytest.raises(InvalidAddress):
        canonical_address(typed)
    with pytest.raises(ValidationError):
        validate_email(typed)
    assert time.process_time() - started < 1  # seconds of CPU


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_form_that_is_stored_is_valid_and_its_own_form(mailbox: str, domain: str):
    for typed in (f"{mailbox}@{domain}", f"{mailbox}＠{domain}.example", f"s@{domain}。中国"):
        try:
            address = canonical_address(typed)
        except InvalidAddress:
            continue
        assert canonical_address(address) == address == address.lower() == address.strip()
        validate_email(address)
        try:
            wire = parsed_address(address).addr_spec
        except NotAnAddress as error:
            assert "too long" in str(error)  # noqa: PT017
        else:
            assert wire.rpartition("@")[2].isascii()


@pytest.mark.parametrize("typed", ["ｓ＜@qq.com", "s，t@qq.com", "s＠t＠qq.com", "＂s t＂@qq.com\uff1a"])
def test_what_is_folded_before_the_at_sign_is_checked_after_folding(typed: str):
    with pytest.raises(InvalidAddress):
        canonical_address(typed)


def test_folding_is_told_and_case_is_not():
    assert all(map(is_folded, ["s＠qq.com", "s@qq。com", "s@qq.com。", "ｓ@qq.com"]))
    assert not any(map(is_folded, ["S@QQ.com", " s@qq.com ", "anna@faß.example", "用户@例子.公司"]))


def test_ascii_domain_goes_to_the_server_as_it_is():
    assert ascii_domain("Mail-Host.internal") == "Mail-Host.internal"


@pytest.mark.parametrize(
    "address",
    [
        "s@gmаil.com",
        "s@ԛԛ.com",
        "s@gmáil.com",
        "s@gmaıl.com",
        "s@аррӏе.com",
        "s@exаmple.org",
        "s@oυtlook.com",
    ],
)
def test_domain_that_passes_for_another_is_known(address: str):
    assert has_lookalike_domain(address, ("gmail.com", "qq.com", "apple.com", "outlook.com"))


@pytest.mark.parametrize(
    "address",
    ["s@gmail.com", "s@faß.example", "s@почта.рф", "s@βόλος.example", "s@例子cn.com", "s@bücher.com"],
)
def test_domain_of_one_alphabet_passes_for_nothing(address: str):
    assert not has_lookalike_domain(address, ("gmail.com", "qq.com"))

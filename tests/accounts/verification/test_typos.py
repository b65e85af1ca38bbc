import pytest

from accounts.verification.typos import COMMON_DOMAINS, suggestion


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("outlok.com", "outlook.com"),
        ("hotmial.com", "hotmail.com"),
        ("qq.con", "qq.com"),
        ("163.con", "163.com"),
        ("126.co", "126.com"),
        ("foxmial.com", "foxmail.com"),
        ("sina.con", "sina.com"),
        ("iclould.com", "icloud.com"),
        ("mgail.com", "gmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("outlook.con", "outlook.com"),
        ("gmail.co", "gmail.com"),
        ("ahotmail.com", "hotmail.com"),
    ],
)
def test_suggestion_corrects_a_typo(typed, expected):
    assert suggestion(f"anna@{typed}") == f"anna@{expected}"


@pytest.mark.parametrize(
    "domain",
    [
        *COMMON_DOMAINS,
        "162.com",
        "ymail.com",
        "rocketmail.com",
        "email.com",
        "love.com",
        "hotmail.cn",
        "outlook.cn",
        "live.cn",
        "hotmail.ca",
        "hotmail.co",
        "hotmail.it",
        "hotmail.fr",
        "outlook.fr",
        "outlook.de",
        "live.nl",
        "live.it",
        "yahoo.cn",
        "yahoo.de",
        "protonmail.ch",
        "bmail.com",
        "jmail.com",
        "foxmail.cn",
        "me.cn",
        "qq.cn",
        "mail.ru",
        "gmx.net",
        "yahoo.co.jp",
        "example.org",
        "ictiger.example",
        "例子.中国",
        "",
    ],
)
def test_suggestion_is_empty_for_real_domains(domain):
    assert suggestion(f"anna@{domain}") == ""


def test_suggestion_needs_an_address():
    assert suggestion("gmial.com") == ""

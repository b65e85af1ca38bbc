"""Likely typing errors in the domain of an e-mail address. Pure functions: no ORM, no settings."""

# The most common mail domains. A domain of this list is never reported as an error.
COMMON_DOMAINS = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "gmx.com",
    "gmx.de",
    "web.de",
    "mail.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "vip.qq.com",
    "foxmail.com",
    "163.com",
    "126.com",
    "yeah.net",
    "139.com",
    "189.cn",
    "sina.com",
    "sina.cn",
    "sohu.com",
    "aliyun.com",
)
# Providers whose names are a typing error away from those above: never a slip.
OTHER_PROVIDERS = frozenset(
    [
        *("ymail.com", "rocketmail.com", "email.com", "love.com", "games.com", "wow.com"),
        *("inbox.com", "aim.com", "web.com", "pm.me", "gmx.net", "gmx.at"),
        *("gmx.ch", "mail.ru", "mail.de", "email.de", "21cn.com", "188.com"),
        *("263.net", "tom.com", "sogou.com", "wo.cn", "qq.cn", "139.cn"),
        "yeah.com",
    ]
)
# Providers with a domain in each of many countries.
IN_MANY_COUNTRIES = frozenset(
    [
        *("hotmail", "outlook", "live", "msn", "yahoo", "ymail"),
        *("gmx", "protonmail", "aol", "icloud"),
    ]
)
# Endings of countries that are rather slips of .com, where the name has no domain of its own in the country.
_SLIPS_OF_COM = ("co", "cm")
# Names this short are one edit apart from each other and from other real domains: only a wrong ending counts
# as an error.
SHORT_NAME_LENGTH = 3
LONG_NAME_LENGTH = 7  # from this length on two edits count as an error


def suggestion(address: str) -> str:
    """The address that was probably meant, or "" when `address` looks right.

    >>> suggestion("anna@gmial.com")
    'anna@gmail.com'
    """
    mailbox, at, domain = address.rpartition("@")
    if not at or domain in COMMON_DOMAINS or domain in OTHER_PROVIDERS:
        return ""
    intended = next((common for common in COMMON_DOMAINS if _is_typo(domain, common)), "")
    return f"{mailbox}@{intended}" if intended else ""


def _is_typo(typed: str, common: str) -> bool:
    """Whether `typed` is probably a mistyped `common` domain."""
    name, _dot, ending = common.rpartition(".")
    typed_name, _dot, typed_ending = typed.rpartition(".")
    if typed_name == name and _is_country(typed_ending, name):
        return False
    if _differs_in_front(typed_name, name):
        return False
    if typed_name != name and typed_ending != ending and typed_name in IN_MANY_COUNTRIES:
        return False
    if len(name) <= SHORT_NAME_LENGTH:
        return typed != common and typed.startswith(name + ".") and _distance(typed, common) == 1
    return 0 < _distance(typed, common) <= (2 if len(name) >= LONG_NAME_LENGTH else 1)


def _is_country(ending: str, name: str) -> bool:
    """Whether `name` may well have a domain with this ending of a country, for the people there."""
    return len(ending) == 2 and (ending not in _SLIPS_OF_COM or name in IN_MANY_COUNTRIES)


def _differs_in_front(typed: str, name: str) -> bool:
    """Whether the first letter alone is another one, or one stands before a short name: ymail for gmail,
    email for mail. Fingers rather swap two letters or drop one.
    """
    is_longer = typed[1:] == name and len(name) < LONG_NAME_LENGTH
    return is_longer or (typed[:1] != name[:1] and typed[1:] == name[1:])


def _distance(a: str, b: str) -> int:
    """Edits between `a` and `b`, where a swap of two neighbouring letters is one edit (optimal string
    alignment); 3 for 3 or more in length alone.
    """
    if abs(len(a) - len(b)) > 2:
        return 3
    previous, row = [], list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        previous, before_previous, row = row, previous, [i]
        for j, other in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before_previous[j - 2] + 1)
            row.append(cost)
    return row[-1]

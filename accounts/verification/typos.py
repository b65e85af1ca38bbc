"""Likely typing errors in the domain of an e-mail address. Pure: no ORM, no settings."""

# The mailboxes most readers have. A domain in this list is never called an error.
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
# Domains this short lie one slip apart from each other and from honest ones: only a wrong ending is taken for an error there.
SHORT_NAME = 3


def suggestion(address: str) -> str:
    """The address that was probably meant, or "" when this one looks right.

    >>> suggestion("anna@gmial.com")
    'anna@gmail.com'
    """
    mailbox, at, domain = address.rpartition("@")
    if not at or domain in COMMON_DOMAINS:
        return ""
    meant = next((known for known in COMMON_DOMAINS if _is_slip(domain, known)), "")
    return f"{mailbox}@{meant}" if meant else ""


def _is_slip(typed: str, known: str) -> bool:
    name = known.rpartition(".")[0]
    if len(name) <= SHORT_NAME:
        return typed != known and typed.startswith(name + ".") and _distance(typed, known) == 1
    return 0 < _distance(typed, known) <= (2 if len(name) > 6 else 1)


def _distance(a: str, b: str) -> int:
    """Edits between `a` and `b`; two neighbouring letters swapped count as one (optimal string alignment)."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before, row = [], list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]

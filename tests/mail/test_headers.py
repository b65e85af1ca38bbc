"""What is typed is what is read: subjects and senders decoded by three parsers."""

import base64
import quopri
import random
import re
import time
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.policy import default
from email.utils import getaddresses

import pytest

from ictiger.mail.headers import encode_text
from ictiger.mail.message import LedgerMessage, NotAnAddress, sender_address

ENGLISH = [
    *(
        "China’s",
        "patents:",
        "“quality”",
        "before",
        "quantity",
        "–",
        "a",
        "reader’s",
        "guide",
        "to",
        "2026’s",
    ),
    *("rules", "=", "_", "?=", "=?x?", "\\", '"', ",", "(", ")", "é", "naïve"),
]
CHINESE = [
    *("专利", "合作", "条约", "年", "规则", "：“质量”", "《办法》", "——", "2026", "AI", "生成", "的", "𠮷"),
    *("（草案）", "、", "。"),
]
ENCODED_WORD = re.compile(r"=\?utf-8\?([bq])\?([!-~]*?)\?=")
RAW_SUBJECT = re.compile(rb"^Subject: (.*(?:\r\n[ \t].*)*)\r\n", re.MULTILINE)


def titles(number: int) -> list[str]:
    """Made-up titles of both languages, with single and double spaces, of every length up to the limit."""
    chance = random.Random(2047)
    made = []
    while len(made) < number:
        words = chance.choice([ENGLISH, CHINESE, ENGLISH + CHINESE])
        space = chance.choice([" ", " ", "", "  "])
        title = space.join(chance.choices(words, k=chance.randint(1, 24)))[:200].strip()
        made += [title] if title else []
    return made


def decoded_by_the_letter_of_rfc_2047(raw: str) -> str:
    """A parser of our own: space between two encoded words is no text, any other is."""
    unfolded = raw.replace("\r\n", "")
    joined = re.sub(r"(\?=)[ \t]+(?==\?utf-8\?[bq]\?)", r"\1", unfolded)
    parts, end = [], 0
    for word in ENCODED_WORD.finditer(joined):
        parts.append(joined[end : word.start()])
        code, text = word[1], word[2]
        octets = base64.b64decode(text) if code == "b" else quopri.decodestring(text.replace("_", "=20"))
        parts.append(octets.decode("utf-8"))
        end = word.end()
    return "".join([*parts, joined[end:]])


def test_ten_thousand_titles_are_read_as_they_were_typed():
    started = time.process_time()
    for title in titles(10_000):
        raw = "\r\n ".join(encode_text(title, first=67))
        words = raw.split("\r\n ")
        assert all(len(word) <= 75 for word in words), title
        assert len(f"Subject: {words[0]}") <= 76, title
        assert raw.isascii()
        assert decoded_by_the_letter_of_rfc_2047(raw) == title
        assert str(make_header(decode_header(raw.replace("\r\n", "")))) == title
        modern = message_from_bytes(f"Subject: {raw}\r\n\r\n".encode("ascii"), policy=default)
        assert modern["Subject"] == title
    assert time.process_time() - started < 60  # seconds of CPU


@pytest.mark.parametrize("recipient", ["anna@example.org", "用户@例子.公司"])
def test_message_carries_the_subject_as_it_was_typed(recipient: str):
    for title in [
        *titles(100),
        "x" * 500,
        "专利" * 200,
        "a  b",
        "=?utf-8?q?a?=",
        "Plain words.",
        "e\u0301" * 99,
    ]:
        message = LedgerMessage(title, "Text.", to=[recipient])
        raw = message.message().as_bytes()
        field = RAW_SUBJECT.search(raw)[1].decode("ascii")
        assert decoded_by_the_letter_of_rfc_2047(field) == title
        assert all(len(line) <= 76 for line in f"Subject: {field}".split("\r\n"))
        assert message_from_bytes(raw, policy=default)["Subject"] == title


def test_short_english_subject_stays_readable():
    assert encode_text("Confirm your address", first=67) == ["Confirm your address"]


def test_subject_cannot_begin_another_field():
    with pytest.raises(ValueError, match="linefeed"):
        LedgerMessage("Hello\r\nBcc: x@example.org", "Text.", to=["anna@example.org"]).message()


NAMES = [
    "ICTiger",
    "ICTiger, the journal",
    'The "Tiger", Inc. (editors)',
    "The International Journal of Patents, Standards and Competition, with its Editors and Friends",
    "知识产权与竞争，编辑部",
    "国际知识产权、标准与竞争评论编辑部，及其全体编辑、作者与读者，敬启者",
    "Revue internationale, l’édition française, des brevets; des normes: et de la concurrence",
    "a\\b",
    "=?utf-8?q?x",
    "O'Neil & Sons",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("recipient", ["anna@example.org", "用户@例子.公司"])
def test_sender_with_any_name_is_one_mailbox(name: str, quoted: bool, recipient: str):
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    sender = f'"{escaped}" <news@example.org>' if quoted else f"{name} <news@example.org>"
    message = LedgerMessage("Subject", "Text.", sender, to=[recipient])

    raw = message.message().as_bytes()

    assert len(message_from_bytes(raw, policy=default)["From"].addresses) == 1
    ((encoded, address),) = getaddresses([message_from_bytes(raw)["From"].replace("\r\n", "")])
    assert (str(make_header(decode_header(encoded))), address) == (name, "news@example.org")
    head = raw.partition(b"\r\n\r\n")[0].decode()
    field = re.search(r"^From: [^\r\n]*(?:\r\n[ \t][^\r\n]*)*", head, re.MULTILINE)[0]
    assert all(len(line) <= 76 for line in field.split("\r\n"))


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("news@example.org", "news@example.org"),
        ("<news@example.org>", "news@example.org"),
        ("=?utf-8?b?5LiT5Yip?= <news@faß.example>", "专利 <news@xn--fa-hia.example>"),
        ("webmaster@localhost", "webmaster@localhost"),
    ],
)
def test_sender_may_be_written_in_several_ways(sender: str, address: str):
    assert str(sender_address(sender)) in (address, f'"{address}"')


@pytest.mark.parametrize(
    "sender", ["", "Name", "Name <>", "a@b.example, c@d.example", "N <a\r\nBcc: x@y.example>"]
)
def test_what_is_no_sender_is_refused(sender: str):
    with pytest.raises(NotAnAddress):
        sender_address(sender)


def test_address_object_keeps_the_name():
    assert sender_address("Anna, B <a@example.org>") == Address("Anna, B", "a", "example.org")

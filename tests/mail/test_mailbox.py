"""`/mailbox/`: the mails of a development site, safe to look at."""

import os
from pathlib import Path

import pytest
from django.urls import NoReverseMatch, reverse

from ictiger.mail.mailbox import CapturedMail
from ictiger.mail.sending import send_due_mail

pytestmark = pytest.mark.django_db

in_debug = pytest.mark.urls("tests.mail.urls")


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def first_mail(client) -> CapturedMail:
    return client.get("/mailbox/").context["mails"][0]


def test_mailbox_does_not_exist_without_debug(client):
    assert client.get("/mailbox/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("mail:mailbox")


@in_debug
@pytest.mark.parametrize("exists", [True, False])
def test_empty_mailbox_says_so(client, folder, settings, exists):
    if not exists:
        settings.EMAIL_FILE_PATH = folder / "nowhere"
    assert b"No mail yet" in client.get("/mailbox/").content


@in_debug
def test_mailbox_lists_every_mail_newest_first(client, folder, note):
    for to in ("anna@example.org", "boris@example.org"):
        note(to=to)
    send_due_mail(10)
    (written,) = folder.glob("*.log")
    older = folder / "20200101-000000-1.log"
    older.write_bytes(b"To: old@example.org\nSubject: Old\n\nHello\n\n" + b"-" * 79 + b"\n")
    os.utime(older, (0, 0))
    mails = client.get("/mailbox/").context["mails"]
    assert [(mail.to, mail.file) for mail in mails] == [
        ("boris@example.org", written.stem),
        ("anna@example.org", written.stem),
        ("old@example.org", older.stem),
    ]


@in_debug
def test_mail_page_shows_its_text_with_links(client, folder, note):
    note()
    send_due_mail(10)
    mail = first_mail(client)
    page = client.get(f"/mailbox/{mail.file}/{mail.number}/").content.decode()
    assert '<a href="http://testserver/open/?a=1&amp;b=2" rel="nofollow">' in page
    assert "Note: 专利" in page


@in_debug
def test_html_of_a_mail_is_shown_in_a_frame_without_scripts(client, folder, note):
    note.register(lambda _: {"title": "<script>alert(1)</script>"})
    note()
    send_due_mail(10)
    mail = first_mail(client)
    response = client.get(f"/mailbox/{mail.file}/{mail.number}/html/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_top">' in response.content
    page = client.get(f"/mailbox/{mail.file}/{mail.number}/")
    assert b"<script>alert(1)" not in page.content
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


@in_debug
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"Subject: cut off in the he",
        b"Subject: =?utf-8?b?5LiT5Yi\n\ntext",
        b"MIME-Version: 1.0\nContent-Type: text/plain; charset=nonsense\n\n\xff\xfe",
        b'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"\n\n'
        b"--b\nContent-Type: text/html\n\n<p>cut",
        b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: base64\n\n5LiT5Yi",
        b"\x00\xff\xfe binary",
    ],
)
def test_partial_file_is_shown_as_far_as_it_goes(client, folder, content):
    (folder / "partial.log").write_bytes(content)
    assert client.get("/mailbox/").status_code == 200
    for mail in client.get("/mailbox/").context["mails"]:
        for page in ("", "html/"):
            assert client.get(f"/mailbox/{mail.file}/{mail.number}/{page}").status_code == 200


@in_debug
@pytest.mark.parametrize(
    "url",
    [
        "/mailbox/nothing/1/",
        "/mailbox/partial/9/",
        "/mailbox/..%2F..%2Fsecret/1/",
        "/mailbox/partial/0/html/",
    ],
)
def test_missing_mail_is_404(client, folder, url):
    (folder / "partial.log").write_bytes(b"Subject: x\n\ny")
    assert client.get(url).status_code == 404

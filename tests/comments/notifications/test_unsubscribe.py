"""The unsubscribe page: which mails a link ends, by a button or by one click, also links of old mails."""

import pytest
from django.core import signing
from django.test import Client

from accounts.models import User
from comments import services
from comments.models import Comment, ThreadMute
from comments.notifications.digest import DIGEST_PURPOSE
from comments.notifications.replies import REPLY_PURPOSE
from comments.notifications.unsubscribe import MailKind, Subscription, subscription_from_token
from comments.policy import State
from ictiger.mail.models import Mail
from ictiger.mail.queue import enqueue
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment, make_user

from .conftest import compose_queued, unsubscribe_path

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def comment(article, reader) -> Comment:
    """A visible comment by `reader`."""
    return make_comment(article, author=reader)


@pytest.fixture
def path(article, comment) -> str:
    """The path of the link in a mail about a reply to `comment`."""
    make_comment(article, parent=comment)
    (message,) = compose_queued(REPLY_PURPOSE)
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"http://testserver{unsubscribe_path(message)}" in message.body
    Mail.objects.all().delete()
    return unsubscribe_path(message)


@pytest.fixture
def digest_path(article, moderator) -> str:
    """The path of the link in a digest to `moderator`."""
    make_comment(article, state=State.PENDING)
    enqueue(DIGEST_PURPOSE, to=moderator.email, language="en", user=moderator)
    (message,) = compose_queued(DIGEST_PURPOSE)
    assert f"http://testserver{unsubscribe_path(message)}" in message.body
    return unsubscribe_path(message)


def recipients(*users: User) -> list[str]:
    mails = Mail.objects.filter(purpose=REPLY_PURPOSE, user__in=users).order_by("pk")
    return list(mails.values_list("recipient", flat=True))


def wanted_mails(user: User) -> tuple[bool, bool, bool]:
    """Whether the user wants mails about replies, about decisions, and digests."""
    user.refresh_from_db()
    return user.mail_replies, user.mail_decisions, user.mail_digest


def test_one_click_ends_all_reply_mails(path, article, comment, reader):
    """As a mail provider sends it: no cookie, no token, no Referer, and with CSRF checks on."""
    response = Client(enforce_csrf_checks=True).post(path, ONE_CLICK)

    assert response.status_code == 200
    assert "no more mails about replies to your comments" in response.content.decode()
    make_comment(article, parent=comment)
    assert recipients(reader) == []
    assert wanted_mails(reader) == (False, True, True)


def test_get_ends_no_mails(path, stranger, reader):
    page = stranger.get(path)

    assert (page.status_code, page.headers["Cache-Control"]) == (200, "private, no-store")
    assert page.content.decode().count('name="from"') == 2
    assert wanted_mails(reader) == (True, True, True)
    assert not ThreadMute.objects.exists()


def test_button_for_all_ends_all_reply_mails(path, stranger, reader):
    assert stranger.post(path, {"from": "all"}).status_code == 200
    assert wanted_mails(reader) == (False, True, True)


def test_button_for_the_thread_mutes_the_thread(path, stranger, article, comment, reader):
    for _twice in range(2):
        assert "in this thread" in stranger.post(path, {"from": "thread"}).content.decode()
    make_comment(article, parent=comment)
    assert recipients(reader) == []

    make_comment(article, parent=make_comment(article, author=reader, body="Another argument."))
    assert recipients(reader) == [reader.email]


def test_link_works_for_its_user_whoever_is_signed_in(path, client_of, reader):
    other = make_user()
    client_of(other).post(path, {"from": "all"})

    reader.refresh_from_db()
    other.refresh_from_db()
    assert (reader.mail_replies, other.mail_replies) == (False, True)


def test_post_without_a_choice_is_refused(path, stranger, reader):
    assert stranger.post(path).status_code == 400
    assert wanted_mails(reader) == (True, True, True)
    assert not ThreadMute.objects.exists()


def test_altered_token_is_not_found(path, stranger, reader):
    token = path.split("/")[-2]
    forged_tokens = [
        f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
        signing.dumps([reader.pk, 1], salt="other"),
        "nothing",
    ]
    for forged in forged_tokens:
        assert stranger.get(path.replace(token, forged)).status_code == 404
        assert stranger.post(path.replace(token, forged), ONE_CLICK).status_code == 404
    assert wanted_mails(reader) == (True, True, True)


def test_link_of_an_erased_account_is_not_found(path, stranger, reader):
    with public_write():
        services.erase_comments(reader)
        reader.delete()
    assert stranger.post(path, ONE_CLICK).status_code == 404


def test_one_click_ends_digests(digest_path, moderator):
    response = Client(enforce_csrf_checks=True).post(digest_path, ONE_CLICK)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "private, no-store")
    assert wanted_mails(moderator) == (True, True, False)


def test_button_for_digests_sends_nothing_and_ends_them(digest_path, moderator, stranger):
    page = stranger.post(digest_path).content.decode()
    assert "You get no more mails about comments that wait." in page
    assert wanted_mails(moderator) == (True, True, False)


def test_get_ends_no_digests(digest_path, moderator, stranger):
    assert "No more mails about comments that wait?" in stranger.get(digest_path).content.decode()
    assert wanted_mails(moderator) == (True, True, True)


def test_altered_digest_token_is_not_found(digest_path, stranger):
    assert stranger.post(f"{digest_path[:-2]}x/").status_code == 404


@pytest.mark.parametrize("kind", MailKind)
def test_token_leads_back_to_its_subscription(kind, comment, reader):
    subscription = Subscription(reader, kind, comment if kind == MailKind.REPLIES else None)
    assert subscription_from_token(subscription.url.split("/")[-2]) == subscription


# Tokens as they stand in mails that were sent before tokens had a kind.


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_old_reply_token_still_works(prefix, comment, reader, stranger):
    token = signing.dumps([reader.pk, comment.pk], salt="comments.unsubscribe")
    path = f"{prefix}/comments/unsubscribe/{token}/"
    assert stranger.get(path).content.decode().count('name="from"') == 2
    assert stranger.post(path, {"from": "thread"}).status_code == 200
    assert ThreadMute.objects.get().thread == comment
    assert stranger.post(path, ONE_CLICK).status_code == 200
    assert wanted_mails(reader) == (False, True, True)


def test_old_reply_token_of_a_deleted_thread_is_not_found(reader, stranger):
    token = signing.dumps([reader.pk, 10**6], salt="comments.unsubscribe")
    assert stranger.post(f"/comments/unsubscribe/{token}/", ONE_CLICK).status_code == 404


def test_old_decision_token_still_works(reader, stranger):
    token = signing.dumps([reader.pk, "decisions"], salt="comments.unsubscribe")
    path = f"/comments/unsubscribe/{token}/"
    assert "No more mails when a comment is turned down?" in stranger.get(path).content.decode()
    assert stranger.post(path, ONE_CLICK).status_code == 200
    assert wanted_mails(reader) == (True, False, True)


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("sent", [{}, ONE_CLICK])
def test_old_digest_token_still_works(prefix, sent, moderator, stranger):
    token = signing.dumps(moderator.pk, salt="comments.digest")
    path = f"{prefix}/comments/unsubscribe/digest/{token}/"
    assert stranger.get(path).status_code == 200
    assert wanted_mails(moderator) == (True, True, True)
    assert stranger.post(path, sent).status_code == 200
    assert wanted_mails(moderator) == (True, True, False)


def test_old_digest_token_of_an_erased_account_is_not_found(stranger):
    token = signing.dumps(10**6, salt="comments.digest")
    assert stranger.post(f"/comments/unsubscribe/digest/{token}/", ONE_CLICK).status_code == 404

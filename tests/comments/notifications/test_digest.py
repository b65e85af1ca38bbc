"""The daily digest: which moderators get one, when, and what it says."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from accounts.models import User
from comments import services
from comments.models import Comment
from comments.notifications import digest
from comments.notifications.unsubscribe import MailKind, Subscription
from comments.policy import ModerationAction, ReportReason, State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 9, 14, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(MORNING, tick=False)
    return time_machine


@pytest.fixture
def pending(article, moderator) -> Comment:
    return make_comment(article, state=State.PENDING)


def recipients() -> list[str]:
    return list(
        Mail.objects.filter(purpose=digest.DIGEST_PURPOSE).order_by("pk").values_list("recipient", flat=True)
    )


def test_digest_is_queued_once_a_day(pending, moderator, clock):
    assert [digest.queue_digests() for _time in range(3)] == [1, 0, 0]
    clock.move_to(MORNING + timedelta(hours=15, minutes=59), tick=False)
    assert digest.queue_digests() == 0
    clock.move_to(MORNING + timedelta(days=1), tick=False)
    assert digest.queue_digests() == 1
    assert recipients() == [moderator.email] * 2


def test_digest_is_not_queued_before_the_morning(pending, clock):
    clock.move_to(MORNING - timedelta(seconds=1), tick=False)
    assert digest.queue_digests() == 0


def test_digest_is_not_queued_while_nothing_is_pending(article, moderator):
    for state in (State.VISIBLE, State.REJECTED, State.REMOVED, State.UNVERIFIED):
        make_comment(article, state=state)
    assert digest.queue_digests() == 0


def test_digest_comes_for_a_report_of_a_visible_comment(article, moderator, clock):
    comment = make_comment(article)
    clock.shift(60)  # seconds; the comment's approval is older than the report
    services.report_comment(user=make_user(), comment_id=comment.pk, reason=ReportReason.UNLAWFUL)
    message = digest_message()
    assert message.subject == "1 reported comment is still visible"
    assert "1 reported comment is still visible." in message.body
    assert "wait" not in message.body
    assert "http://testserver/admin/comments/comment/?state=reported" in message.body
    decide_as_somebody(comment, ModerationAction.APPROVE)
    assert compose_message(Mail.objects.get(purpose=digest.DIGEST_PURPOSE)) is None


def test_digest_goes_to_subscribed_moderators_with_verified_addresses(pending, moderator):
    make_user(group="Editor")
    make_user(group="Author")
    make_user(group="Editor", is_superuser=True)  # has every permission, but is no moderator by group
    make_user(group="Moderator", mail_digest=False)
    make_user(group="Moderator", is_active=False)
    make_user(group="Moderator", verified=False)
    with_permission = make_user(group="Author")
    with_permission.user_permissions.add(Permission.objects.get(codename="moderate_comment"))
    digest.queue_digests()
    assert sorted(recipients()) == sorted([moderator.email, with_permission.email])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_jobs_at_once_queue_one_digest(in_threads):
    moderator = make_user(group="Moderator")
    make_comment(make_article(), state=State.PENDING)
    assert sum(in_threads([digest.queue_digests] * 4)) == 1
    assert recipients() == [moderator.email]


def digest_message() -> EmailMultiAlternatives:
    digest.queue_digests()
    return compose_message(Mail.objects.filter(purpose=digest.DIGEST_PURPOSE).latest("pk"))


def test_digest_counts_by_rule_and_names_the_longest_wait(article, pending):
    make_comment(article, state=State.PENDING)
    make_comment(article, state=State.PENDING, body="See https://example.com/.")
    with public_write(pending):
        pending.held_at = MORNING - timedelta(hours=3)
        pending.save()
    message = digest_message()
    assert message.subject == "3 comments wait for a moderator"
    assert "3 comments wait for a moderator; the oldest has waited for 3 hours." in message.body
    assert "first comment: 2\nhttp://testserver/admin/comments/comment/?rule=newcomer" in message.body
    assert "newcomer’s links: 1\nhttp://testserver/admin/comments/comment/?rule=links" in message.body
    assert "Usually decided" not in message.body


def test_digest_has_no_texts_or_names(article, moderator):
    make_comment(
        article, author=make_user(display_name="Ann Reed"), state=State.PENDING, body="Words of hers."
    )
    message = digest_message()
    for part in (message.body, message.alternatives[0][0]):
        assert "Words of hers" not in part
        assert "Ann Reed" not in part


def test_digest_is_in_the_moderators_language(pending, moderator):
    User.objects.filter(pk=moderator.pk).update(language="zh-hans")
    message = digest_message()
    assert message.subject == "有 1 条评论待审"
    assert "http://testserver/zh-hans/admin/comments/comment/" in message.body
    assert "首次评论" in message.body


def test_digest_is_not_sent_when_the_queue_is_empty_by_then(pending):
    digest.queue_digests()
    decide_as_somebody(pending, ModerationAction.APPROVE)
    assert compose_message(Mail.objects.get(purpose=digest.DIGEST_PURPOSE)) is None


@pytest.mark.parametrize("change", ["setting", "group", "address"])
def test_digest_is_not_sent_after_a_change_of(pending, moderator, change):
    digest.queue_digests()
    if change == "setting":
        Subscription(moderator, MailKind.DIGEST).end()
    elif change == "group":
        moderator.groups.remove(Group.objects.get(name="Moderator"))
    else:
        moderator.emailaddress_set.update(verified=False)
    assert compose_message(Mail.objects.get(purpose=digest.DIGEST_PURPOSE)) is None


@pytest.mark.parametrize(("sent", "wants"), [({}, False), ({"mail_digest": "on"}, True)])
def test_moderators_choose_the_digest_in_their_profile(client_of, moderator, sent, wants):
    client = client_of(moderator)
    assert "Tell me once a day what waits for moderators" in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en", **sent})
    moderator.refresh_from_db()
    assert moderator.mail_digest is wants
    assert (
        json.loads(client.get("/accounts/me/data/").getvalue())["account"][
            "mails about what waits for moderators"
        ]
        is wants
    )


def test_readers_are_not_offered_the_digest(client_of, reader):
    client = client_of(reader)
    assert "mail_digest" not in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en"})
    reader.refresh_from_db()
    assert reader.mail_digest is True  # counts only for moderators

"""Mails about replies: who gets one, when, what it says, and when it is no longer sent."""

import json
import re
from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Status
from comments import services
from comments.models import Ban, Comment, ThreadMute
from comments.notifications.replies import REPLY_PURPOSE, wants_reply_mails
from comments.policy import ModerationAction, State
from ictiger.mail.models import Mail, MailState
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

from .conftest import compose_queued, unsubscribe_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(article, reader) -> Comment:
    """A visible comment by `reader`."""
    return make_comment(article, author=reader)


def reply_messages() -> list[EmailMultiAlternatives]:
    return compose_queued(REPLY_PURPOSE)


def links_in(message: EmailMultiAlternatives) -> list[str]:
    return re.findall(r"http://testserver(\S*/comments/\d+/)", message.body)


def mails_to(*users: User) -> list[str]:
    return list(
        Mail.objects.filter(purpose=REPLY_PURPOSE, user__in=users)
        .order_by("pk")
        .values_list("recipient", flat=True)
    )


def test_visible_reply_is_mailed_to_the_author_it_replies_to(article, comment, reader):
    reply = make_comment(
        article,
        parent=comment,
        body="Secret words of the reply.",
        author=make_user(display_name="Somebody Known"),
    )

    (mail,) = Mail.objects.filter(purpose=REPLY_PURPOSE)
    assert (mail.user, mail.recipient, mail.language) == (reader, reader.email, "en")
    (message,) = reply_messages()
    assert message.subject == "Somebody has replied to your comment on “Title of a-patent”"
    assert links_in(message) == [f"/comments/{reply.pk}/"]
    html = message.alternatives[0].content
    assert f'href="http://testserver/comments/{reply.pk}/"' in html
    for text in (message.subject, message.body, html):
        assert "Secret words" not in text
        assert "Somebody Known" not in text


def test_reply_mail_is_in_the_language_of_its_reader(article, comment, reader):
    reader.language = "zh-hans"
    reader.save()
    reply = make_comment(article, parent=comment)

    (message,) = reply_messages()
    assert message.subject == "有人回复了您在《Title of a-patent》下的评论"
    assert links_in(message) == [f"/zh-hans/comments/{reply.pk}/"]
    assert unsubscribe_path(message).startswith("/zh-hans/comments/unsubscribe/")
    assert "Somebody" not in message.body


def test_reply_mail_names_the_article_in_the_language_of_its_reader(article, comment, reader):
    make_article("yi-pian", title="一篇专利", language="zh-hans", translation_key=article.translation_key)
    User.objects.update(language="zh-hans")
    make_comment(article, parent=comment)

    (message,) = reply_messages()
    assert message.subject == "有人回复了您在《一篇专利》下的评论"


def test_reply_to_a_reply_is_mailed_to_its_author_alone(article, comment, reader):
    second = make_user()
    reply = make_comment(article, parent=comment, author=second)
    make_comment(article, parent=reply)

    assert mails_to(reader, second) == [reader.email, second.email]


def test_first_comment_of_a_thread_queues_no_mail(comment):
    assert not Mail.objects.filter(purpose=REPLY_PURPOSE).exists()


def test_reply_to_oneself_queues_no_mail(article, comment, reader):
    make_comment(article, parent=comment, author=reader)
    assert mails_to(reader) == []


@pytest.mark.parametrize("field", ["mail_replies", "is_active"])
def test_reply_queues_no_mail_to_inactive_or_unsubscribed_users(article, comment, reader, field):
    User.objects.filter(pk=reader.pk).update(**{field: False})
    make_comment(article, parent=comment)
    assert mails_to(reader) == []


def test_mail_goes_to_the_address_that_is_verified_when_it_is_sent(article, comment, reader):
    make_comment(article, parent=comment)
    reader.emailaddress_set.update(email="new@example.org")
    (message,) = reply_messages()
    assert message.to == ["new@example.org"]
    assert mails_to(reader) == ["new@example.org"]


def test_mailbox_that_refuses_mail_gets_none(article, comment, reader):
    make_comment(article, parent=comment)
    User.objects.filter(pk=reader.pk).update(mail_refused_at=timezone.now())
    assert reply_messages() == []
    Mail.objects.all().delete()
    make_comment(article, parent=Comment.objects.get(pk=comment.pk), body="Another argument.")
    assert mails_to(reader) == []


def test_reply_queues_no_mail_to_an_unverified_address(article, comment, reader):
    reader.emailaddress_set.update(verified=False)
    make_comment(article, parent=comment)
    assert mails_to(reader) == []


def test_reply_queues_no_mail_to_an_erased_account(article, comment, reader):
    late = make_comment(article, parent=comment, state=State.PENDING)
    services.erase_comments(reader)
    decide_as_somebody(late, ModerationAction.APPROVE)

    assert not Mail.objects.filter(purpose=REPLY_PURPOSE).exists()


def test_reply_to_a_removed_comment_queues_no_mail(article, comment, reader):
    late = make_comment(article, parent=comment, state=State.PENDING)
    services.remove_comment(user=reader, comment_id=comment.pk)
    decide_as_somebody(late, ModerationAction.APPROVE)
    assert mails_to(reader) == []


def test_held_reply_is_mailed_when_it_is_approved(article, comment, reader):
    reply = make_comment(article, parent=comment, state=State.PENDING)
    assert mails_to(reader) == []

    decide_as_somebody(reply, ModerationAction.APPROVE)
    assert mails_to(reader) == [reader.email]


def test_rejected_reply_queues_no_mail(article, comment, reader):
    make_comment(article, parent=comment, state=State.REJECTED)
    assert mails_to(reader) == []


def test_reply_of_a_trusted_author_queues_a_mail_at_once(article, comment, reader):
    trusted = make_comment(article).author
    make_comment(article, parent=comment, author=trusted, body="Another argument.")
    assert mails_to(reader) == [reader.email]


def test_reply_of_an_unverified_author_is_mailed_after_verification_and_approval(
    article, comment, reader, unverified
):
    make_comment(article, author=unverified, state=State.UNVERIFIED)
    reply = make_comment(article, parent=comment, author=unverified, state=State.UNVERIFIED, body="A reply.")
    assert mails_to(reader) == []

    unverified.emailaddress_set.update(verified=True)
    services.release_comments(unverified)
    decide_as_somebody(reply, ModerationAction.APPROVE)
    assert mails_to(reader) == [reader.email]


def send_queued() -> None:
    """Compose the queued mails and record them as sent, as the worker does."""
    reply_messages()
    Mail.objects.filter(state=MailState.QUEUED).update(state=MailState.SENT, sent_at=timezone.now())


def test_restored_reply_is_not_mailed_twice(article, comment, reader):
    reply = make_comment(article, parent=comment)
    send_queued()
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    decide_as_somebody(reply, ModerationAction.UNDO)

    reply.refresh_from_db()
    assert reply.state == State.VISIBLE
    assert mails_to(reader) == [reader.email]


def test_restored_reply_that_no_mail_reported_is_mailed(article, comment, reader):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.REMOVE, reason="off_topic")
    send_queued()
    decide_as_somebody(first, ModerationAction.UNDO)
    decide_as_somebody(second, ModerationAction.REMOVE, reason="off_topic")
    decide_as_somebody(second, ModerationAction.UNDO)

    (message,) = reply_messages()
    assert links_in(message) == [f"/comments/{first.pk}/"]


def test_restored_reply_is_mailed_after_a_cancelled_mail(article, comment, reader):
    reply = make_comment(article, parent=comment)
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    assert reply_messages() == []
    Mail.objects.update(state=MailState.CANCELLED)
    decide_as_somebody(reply, ModerationAction.UNDO)

    (message,) = reply_messages()
    assert links_in(message) == [f"/comments/{reply.pk}/"]


def test_queued_mail_also_reports_an_older_restored_reply(article, comment, reader):
    first = make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.REMOVE, reason="off_topic")
    Mail.objects.update(state=MailState.CANCELLED)
    second = make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.UNDO)

    (message,) = reply_messages()
    assert links_in(message) == [f"/comments/{first.pk}/", f"/comments/{second.pk}/"]


def test_reply_restored_after_a_week_queues_no_mail(article, comment, reader, time_machine):
    reply = make_comment(article, parent=comment)
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    Mail.objects.all().delete()
    time_machine.move_to(timezone.now() + timedelta(days=8))
    decide_as_somebody(reply, ModerationAction.UNDO)
    assert mails_to(reader) == []


def test_reply_that_fails_to_be_saved_queues_no_mail(article, comment, reader, monkeypatch):
    trusted = make_comment(article).author

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Comment, "insert", fail)
    with pytest.raises(RuntimeError):
        make_comment(article, parent=comment, author=trusted, body="Another argument.")
    assert mails_to(reader) == []


def test_replies_in_one_thread_share_one_queued_mail(article, comment):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)

    (message,) = reply_messages()
    assert message.subject == "You have 2 replies on “Title of a-patent”"
    assert links_in(message) == [f"/comments/{first.pk}/", f"/comments/{second.pk}/"]
    assert f"http://testserver/comments/{second.pk}/" in message.alternatives[0].content


def test_burst_of_replies_is_one_mail_and_the_next_waits_longer(article, comment, reader, time_machine):
    """The first mail waits three minutes; the next about the thread half an hour after it."""
    time_machine.move_to(timezone.now(), tick=False)
    began = timezone.now()
    make_comment(article, parent=comment)
    assert not Mail.objects.due().filter(purpose=REPLY_PURPOSE).exists()
    time_machine.shift(timedelta(minutes=2))
    make_comment(article, parent=comment)
    assert Mail.objects.get(purpose=REPLY_PURPOSE).next_try_at == began + timedelta(minutes=3)
    time_machine.shift(timedelta(minutes=1))
    send_queued()
    make_comment(article, parent=comment)
    (mail,) = Mail.objects.filter(purpose=REPLY_PURPOSE, state=MailState.QUEUED)
    assert mail.next_try_at == began + timedelta(minutes=33)


def test_queued_mail_lives_longer_with_each_reply(article, comment, time_machine):
    time_machine.move_to(timezone.now())
    make_comment(article, parent=comment)
    time_machine.shift(timedelta(days=2))
    make_comment(article, parent=comment)

    assert Mail.objects.get(purpose=REPLY_PURPOSE).expires_at > timezone.now() + timedelta(days=2)


def test_next_mail_reports_only_later_replies(article, comment):
    make_comment(article, parent=comment)
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    second = make_comment(article, parent=comment)

    (message,) = reply_messages()
    assert links_in(message) == [f"/comments/{second.pk}/"]


def test_replies_in_another_thread_have_a_separate_mail(article, comment, reader):
    other = make_comment(article, author=reader, body="Another argument.")
    replies = [make_comment(article, parent=comment), make_comment(article, parent=other)]

    assert [links_in(message) for message in reply_messages()] == [
        [f"/comments/{reply.pk}/"] for reply in replies
    ]


def test_mail_leaves_out_replies_to_others_in_the_thread(article, comment, reader):
    reply = make_comment(article, parent=comment)
    make_comment(article, parent=reply, author=reader)
    make_comment(article, parent=reply)

    message = next(message for message in reply_messages() if message.to == [reader.email])
    assert links_in(message) == [f"/comments/{reply.pk}/"]


def withdraw_reply(reply: Comment, reader: User) -> None:
    services.remove_comment(user=reply.author, comment_id=reply.pk)


def withdraw_comment(reply: Comment, reader: User) -> None:
    services.remove_comment(user=reader, comment_id=reply.parent_id)


def opt_out(reply: Comment, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(mail_replies=False)


def mute(reply: Comment, reader: User) -> None:
    ThreadMute.objects.create(user=reader, thread=reply.parent)


def deactivate(reply: Comment, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_active=False)


def lose_verification(reply: Comment, reader: User) -> None:
    reader.emailaddress_set.update(verified=False)


def ban(reply: Comment, reader: User) -> None:
    Ban.objects.create(user=reader, why="test")


def unpublish(reply: Comment, reader: User) -> None:
    with public_write(reply.article):
        Article.objects.filter(pk=reply.article_id).update(status=Status.DRAFT)


CHANGES = [
    withdraw_reply,
    withdraw_comment,
    opt_out,
    mute,
    deactivate,
    lose_verification,
    ban,
    unpublish,
]


@pytest.mark.parametrize("change", CHANGES)
def test_queued_reply_mail_is_not_sent_after(article, comment, reader, change):
    reply = make_comment(article, parent=comment)
    assert len(reply_messages()) == 1

    change(reply, reader)

    assert reply_messages() == []


def test_removed_reply_is_not_counted(article, comment):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)
    services.remove_comment(user=first.author, comment_id=first.pk)

    (message,) = reply_messages()
    assert links_in(message) == [f"/comments/{second.pk}/"]


def test_takeout_lists_muted_threads(reader, comment, client_of):
    ThreadMute.objects.create(user=reader, thread=comment)
    export = json.loads(client_of(reader).get("/accounts/me/data/").getvalue())
    assert [section["thread_id"] for section in export["threads without mails"]] == [comment.pk]
    assert wants_reply_mails(reader, comment.pk) is False

"""Mails to authors about rejected and removed comments: the reason, the text, and what can be done."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from accounts.models import User
from comments import services
from comments.models import Comment
from comments.notifications.rejections import REJECTION_PURPOSE
from comments.policy import ModerationAction, State
from ictiger.mail.models import Mail, MailState
from tests.factories import decide_as_somebody, make_comment, make_user

from .conftest import compose_queued, unsubscribe_path

pytestmark = pytest.mark.django_db


def rejection_messages() -> list[EmailMultiAlternatives]:
    return compose_queued(REJECTION_PURPOSE)


def reject(comment, note=""):
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear", note=note)


@pytest.fixture
def pending(article, reader) -> Comment:
    return make_comment(article, author=reader, state=State.PENDING, body="Which <claim> & why?")


def test_rejection_mail_has_the_reason_the_text_and_both_links(pending, reader):
    reject(pending, "Say which figure.")
    (message,) = rejection_messages()
    assert (message.to, message.subject) == ([reader.email], "Your comment was not published")
    for part in (
        "On “Title of a-patent”:",
        "The reason: Say which figure.",
        "Which <claim> & why?",
        f"http://testserver/comments/{pending.pk}/mend/",
        f"http://testserver/comments/{pending.pk}/appeal/",
        "http://testserver/comments/mine/?state=rejected",
    ):
        assert part in message.body
    html = message.alternatives[0].content
    assert "Which &lt;claim&gt; &amp; why?" in html
    assert f'href="http://testserver/comments/{pending.pk}/appeal/"' in html


def test_rejection_mail_is_in_the_language_of_the_author(pending):
    User.objects.update(language="zh-hans")
    reject(Comment.objects.get())
    (message,) = rejection_messages()
    assert message.subject == "您的评论未能发表"
    assert f"/zh-hans/comments/{pending.pk}/mend/" in message.body
    assert "moderator" not in message.body


def test_several_rejections_make_one_mail_that_waits_five_minutes(article, pending, reader):
    other = make_comment(article, author=reader, state=State.PENDING, body="Another.")
    before = timezone.now()
    reject(pending)
    reject(other)
    mail = Mail.objects.get(purpose=REJECTION_PURPOSE)
    assert mail.next_try_at >= before + timedelta(minutes=5)
    (message,) = rejection_messages()
    assert message.subject == "2 of your comments were not published"
    assert message.body.count("/mend/") == 2


def undo(comment):
    decide_as_somebody(comment, ModerationAction.UNDO)


def withdraw(comment):
    services.remove_comment(user=comment.author, comment_id=comment.pk)


def opt_out(comment):
    User.objects.filter(pk=comment.author_id).update(mail_decisions=False)


def lose_verification(comment):
    comment.author.emailaddress_set.update(verified=False)


@pytest.mark.parametrize("change", [undo, withdraw, opt_out, lose_verification])
def test_queued_rejection_mail_is_not_sent_after(pending, change):
    reject(pending)
    assert len(rejection_messages()) == 1
    change(pending)
    assert rejection_messages() == []


def test_rejection_queues_no_mail_to_unsubscribed_authors(pending):
    opt_out(pending)
    reject(pending)
    assert not Mail.objects.filter(purpose=REJECTION_PURPOSE).exists()


def test_approval_queues_no_mail(pending):
    decide_as_somebody(pending, ModerationAction.APPROVE)
    assert not Mail.objects.filter(purpose=REJECTION_PURPOSE).exists()


def test_removal_mail_has_the_reason_and_no_links_to_revise_or_appeal(article, reader):
    comment = make_comment(article, author=reader, body="Shown for a while.")
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="advertising")
    (message,) = rejection_messages()
    assert message.subject == "Your comment was removed"
    for part in (
        "A moderator has removed your comment.",
        "The reason: It advertises.",
        "Shown for a while.",
        "/comments/mine/?state=removed",
    ):
        assert part in message.body
    for absent in ("/mend/", "/appeal/", "turned it down"):
        assert absent not in message.body
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert rejection_messages() == []


def test_one_mail_tells_removed_from_rejected_comments(article, pending, reader):
    reject(pending)
    decide_as_somebody(make_comment(article, author=reader, body="Shown."), ModerationAction.REMOVE)
    (message,) = rejection_messages()
    assert message.subject == "Moderators have turned down or removed 2 of your comments"
    assert f"{message.subject}." in message.body
    assert message.body.count("It is removed from the discussion.") == 1
    assert message.body.count("The reason:") == 1
    assert "/comments/mine/\n" in message.body
    assert "It is removed from the discussion." in message.alternatives[0].content


def test_removal_by_the_author_queues_no_mail(article, reader):
    services.remove_comment(user=reader, comment_id=make_comment(article, author=reader).pk)
    assert not Mail.objects.filter(purpose=REJECTION_PURPOSE).exists()


def test_mail_about_a_second_rejection_offers_only_the_appeal(pending):
    reject(pending)
    rejection_messages()
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    services.resubmit(user=pending.author, comment_id=pending.pk, body="Claim 2.")
    reject(pending)
    (message,) = rejection_messages()
    assert "Claim 2." in message.body
    assert "/mend/" not in message.body
    assert message.body.count("/appeal/") == 1


def test_next_mail_leaves_out_reported_decisions(article, pending, reader):
    reject(pending)
    rejection_messages()
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    reject(make_comment(article, author=reader, state=State.PENDING, body="Another."))
    Mail.objects.filter(state=MailState.QUEUED).update(context={"since": "2026-01-01T00:00:00+00:00"})
    (message,) = rejection_messages()
    assert "Another." in message.body
    assert "Which" not in message.body


def test_one_click_ends_rejection_mails_alone(pending, reader, stranger):
    reject(pending)
    (message,) = rejection_messages()
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = unsubscribe_path(message)
    page = stranger.get(path).content.decode()
    assert page.count('name="from"') == 1
    assert stranger.post(path, {"from": "thread"}).status_code == 400
    reader.refresh_from_db()
    assert reader.mail_decisions is True
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert (reader.mail_decisions, reader.mail_replies) == (False, True)


def test_rejection_mails_can_be_chosen_in_the_profile(reader, client_of):
    client = client_of(reader)
    assert '<input type="checkbox" name="mail_decisions" ' in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en", "mail_replies": "on"})
    reader.refresh_from_db()
    assert (reader.mail_decisions, reader.mail_replies) == (False, True)
    assert make_user().mail_decisions is True

"""An author hears by mail that a comment was turned down: why, the text, and what can be done."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from comments import services
from comments.models import Comment
from comments.notifications import rejections
from comments.policy import ModerationAction, State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail, MailState
from tests.factories import decide_as_somebody, make_comment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def letters():
    """What the mails that are queued say if they are sent now."""

    def write():
        queued = Mail.objects.filter(purpose=rejections.REJECTION_PURPOSE, state=MailState.QUEUED).order_by(
            "pk"
        )
        return [letter for letter in map(compose_message, queued) if letter]

    return write


def reject(comment, note=""):
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear", note=note)


@pytest.fixture
def pending(article, reader) -> Comment:
    return make_comment(article, author=reader, state=State.PENDING, body="Which <claim> & why?")


def test_the_mail_has_the_reason_the_text_and_both_ways(pending, reader, letters):
    reject(pending, "Say which figure.")
    (letter,) = letters()
    assert (letter.to, letter.subject) == ([reader.email], "Your comment was not published")
    for part in (
        "On “Title of a-patent”:",
        "The reason: Say which figure.",
        "Which <claim> & why?",
        f"http://testserver/comments/{pending.pk}/mend/",
        f"http://testserver/comments/{pending.pk}/appeal/",
        "http://testserver/comments/mine/?state=rejected",
    ):
        assert part in letter.body
    html = letter.alternatives[0].content
    assert "Which &lt;claim&gt; &amp; why?" in html
    assert f'href="http://testserver/comments/{pending.pk}/appeal/"' in html


def test_the_mail_is_in_the_language_of_the_author(pending, letters):
    User.objects.update(language="zh-hans")
    reject(Comment.objects.get())
    (letter,) = letters()
    assert letter.subject == "您的评论未能发表"
    assert f"/zh-hans/comments/{pending.pk}/mend/" in letter.body
    assert "moderator" not in letter.body


def test_a_burst_is_one_mail_that_waits_for_second_thoughts(article, pending, reader, letters):
    other = make_comment(article, author=reader, state=State.PENDING, body="Another.")
    before = timezone.now()
    reject(pending)
    reject(other)
    mail = Mail.objects.get(purpose=rejections.REJECTION_PURPOSE)
    assert mail.next_try_at >= before + timedelta(minutes=5)
    (letter,) = letters()
    assert letter.subject == "2 of your comments were not published"
    assert letter.body.count("/mend/") == 2


def undo(comment):
    decide_as_somebody(comment, ModerationAction.UNDO)


def withdraw(comment):
    services.remove_comment(user=comment.author, comment_id=comment.pk)


def opt_out(comment):
    User.objects.filter(pk=comment.author_id).update(mail_decisions=False)


def lose_proof(comment):
    comment.author.emailaddress_set.update(verified=False)


@pytest.mark.parametrize("happens", [undo, withdraw, opt_out, lose_proof])
def test_what_is_no_longer_true_or_wanted_is_not_sent(pending, letters, happens):
    reject(pending)
    assert len(letters()) == 1
    happens(pending)
    assert letters() == []


def test_nobody_is_told_who_does_not_want_it(pending):
    opt_out(pending)
    reject(pending)
    assert not Mail.objects.filter(purpose=rejections.REJECTION_PURPOSE).exists()


def test_an_approval_sends_no_such_mail(pending):
    decide_as_somebody(pending, ModerationAction.APPROVE)
    assert not Mail.objects.filter(purpose=rejections.REJECTION_PURPOSE).exists()


def test_who_wrote_what_is_removed_is_told_why_and_offered_nothing_that_is_not_there(
    article, reader, letters
):
    comment = make_comment(article, author=reader, body="Shown for a while.")
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="advertising")
    (letter,) = letters()
    assert letter.subject == "Your comment was removed"
    for part in (
        "A moderator has removed your comment.",
        "The reason: It advertises.",
        "Shown for a while.",
        "/comments/mine/?state=removed",
    ):
        assert part in letter.body
    for way in ("/mend/", "/appeal/", "turned it down"):
        assert way not in letter.body
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert letters() == []


def test_what_was_removed_and_what_was_turned_down_are_told_apart_in_one_mail(
    article, pending, reader, letters
):
    reject(pending)
    decide_as_somebody(make_comment(article, author=reader, body="Shown."), ModerationAction.REMOVE)
    (letter,) = letters()
    assert letter.subject == "Moderators have turned down or removed 2 of your comments"
    assert f"{letter.subject}." in letter.body
    assert letter.body.count("It is removed from the discussion.") == 1
    assert letter.body.count("The reason:") == 1
    assert "/comments/mine/\n" in letter.body
    assert "It is removed from the discussion." in letter.alternatives[0].content


def test_a_removal_by_its_author_is_no_news_to_them(article, reader):
    services.remove_comment(user=reader, comment_id=make_comment(article, author=reader).pk)
    assert not Mail.objects.filter(purpose=rejections.REJECTION_PURPOSE).exists()


def test_the_second_rejection_is_told_with_the_way_that_is_left(pending, letters):
    reject(pending)
    letters()
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    services.resubmit(user=pending.author, comment_id=pending.pk, body="Claim 2.")
    reject(pending)
    (letter,) = letters()
    assert "Claim 2." in letter.body
    assert "/mend/" not in letter.body
    assert letter.body.count("/appeal/") == 1


def test_what_a_mail_has_told_the_next_does_not(article, pending, reader, letters):
    reject(pending)
    letters()
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    reject(make_comment(article, author=reader, state=State.PENDING, body="Another."))
    Mail.objects.filter(state=MailState.QUEUED).update(context={"since": "2026-01-01T00:00:00+00:00"})
    (letter,) = letters()
    assert "Another." in letter.body
    assert "Which" not in letter.body


def test_one_click_ends_these_mails_and_no_others(pending, reader, letters, stranger):
    reject(pending)
    (letter,) = letters()
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = re.fullmatch(r"<http://testserver(/\S+)>", letter.extra_headers["List-Unsubscribe"])[1]
    page = stranger.get(path).content.decode()
    assert page.count('name="from"') == 1
    assert stranger.post(path, {"from": "thread"}).status_code == 400
    reader.refresh_from_db()
    assert reader.mail_decisions is True
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert (reader.mail_decisions, reader.mail_replies) == (False, True)


def test_the_profile_has_the_choice(reader, client_of):
    client = client_of(reader)
    assert '<input type="checkbox" name="mail_decisions" ' in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en", "mail_replies": "on"})
    reader.refresh_from_db()
    assert (reader.mail_decisions, reader.mail_replies) == (False, True)
    assert make_user().mail_decisions is True

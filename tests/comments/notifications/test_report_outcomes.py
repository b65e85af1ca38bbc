"""Mails to readers about what was decided on the comments that they reported."""

import pytest
from django.utils import timezone

from accounts.models import User
from comments import services
from comments.models import Comment
from comments.notifications.report_outcomes import OUTCOME_PURPOSE
from comments.policy import ModerationAction, ReportReason
from ictiger.mail.models import Mail
from tests.factories import make_comment, make_user

from .conftest import compose_queued

pytestmark = pytest.mark.django_db


def report(reporter: User, comment: Comment) -> None:
    services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNLAWFUL)


def decide(moderator: User, comment: Comment, action: ModerationAction) -> None:
    services.decide(moderator=moderator, comment_id=comment.pk, action=action)


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (ModerationAction.APPROVE, "The comment stays: it is within the comment policy."),
        (ModerationAction.REMOVE, "The comment is no longer shown."),
    ],
)
def test_reporter_hears_what_was_decided(article, moderator, action, sentence):
    comment, reporter = make_comment(article, body="Words of somebody."), make_user()
    report(reporter, comment)
    decide(moderator, comment, action)
    assert not Mail.objects.due().filter(purpose=OUTCOME_PURPOSE).exists()  # it waits for OUTCOME_DELAY
    (message,) = compose_queued(OUTCOME_PURPOSE)
    assert message.to == [reporter.email]
    assert message.subject == "What was decided about the comment you reported"
    for text in (message.body, message.alternatives[0][0]):
        assert sentence in text
        assert "Words of somebody" not in text
        assert "#reports" in text


def test_one_mail_tells_of_several_decisions_and_each_once(article, moderator):
    reporter, comments = make_user(), [make_comment(article) for _number in range(2)]
    for comment in comments:
        report(reporter, comment)
        decide(moderator, comment, ModerationAction.APPROVE)
    (message,) = compose_queued(OUTCOME_PURPOSE)
    assert message.subject == "What was decided about the 2 comments you reported"
    Mail.objects.filter(purpose=OUTCOME_PURPOSE).update(state="sent", sent_at=timezone.now())
    third = make_comment(article)
    report(reporter, third)
    decide(moderator, third, ModerationAction.REMOVE)
    (message,) = compose_queued(OUTCOME_PURPOSE)
    assert message.subject == "What was decided about the comment you reported"
    assert "no longer shown" in message.body


def test_nobody_is_told_of_a_decision_that_was_undone(article, moderator):
    comment = make_comment(article)
    report(make_user(), comment)
    decide(moderator, comment, ModerationAction.REMOVE)
    services.undo_last(moderator=moderator)
    assert compose_queued(OUTCOME_PURPOSE) == []


def test_mail_is_in_the_reporters_language(article, moderator):
    comment = make_comment(article)
    report(make_user(language="zh-hans"), comment)
    decide(moderator, comment, ModerationAction.APPROVE)
    (message,) = compose_queued(OUTCOME_PURPOSE)
    assert message.subject == "您举报的 1 条评论已有处理结果"
    assert "评论予以保留" in message.body

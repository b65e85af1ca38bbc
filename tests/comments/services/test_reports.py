"""Reports by readers, and when they hold a comment."""

import pytest
from django.db import connection

from accounts.models import User
from comments import policy, services
from comments.models import Ban, Comment, Decision, Report
from comments.policy import HoldRule, ModerationAction, ReportReason, State
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

from .conftest import at_once, post, trusted_user

pytestmark = pytest.mark.django_db


def report(reporter: User, comment: Comment) -> Report:
    return services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.OTHER)


def decide(moderator: User, comment: Comment, action: ModerationAction, **seen) -> Decision:
    return services.decide(moderator=moderator, comment_id=comment.pk, action=action, **seen)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_same_report_sent_twice_at_once_is_one():
    comment, reporter = make_comment(make_article()), trusted_user()
    at_once(*[lambda: report(reporter, comment)] * 4)
    assert Report.objects.count() == 1


def test_three_trusted_reports_hold_a_comment(article):
    user = trusted_user()
    comment = post(user, article)
    for reporter in [make_user(), trusted_user(), trusted_user()]:
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE  # one of the three is not trusted
    services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.REPORTED)


def test_reader_reports_a_comment_once(article):
    comment, reporter = make_comment(article), trusted_user()
    for _again in range(3):
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    assert Report.objects.count() == 1


def test_second_report_with_other_words_is_added(article):
    comment, reporter = make_comment(article), trusted_user()
    for reason, note in ((ReportReason.UNCIVIL, ""), (ReportReason.UNLAWFUL, "It names a phone number.")):
        services.report_comment(user=reporter, comment_id=comment.pk, reason=reason, note=note)
    assert list(Report.objects.order_by("pk").values_list("reason", "note")) == [
        ("uncivil", ""),
        ("unlawful", "It names a phone number."),
    ]


def test_reports_of_one_reader_do_not_hold_a_comment(article):
    comment, reporter = post(trusted_user(), article), trusted_user()
    for note in ("one", "two", "three"):
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.OTHER, note=note)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    with pytest.raises(services.RateLimited, match="reported this comment already"):
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.OTHER, note="four")


def test_reports_of_one_reader_are_bounded(article, monkeypatch):
    monkeypatch.setattr(policy, "MAX_REPORTS_AN_HOUR", 2)
    reporter = trusted_user()
    for _number in range(2):
        report(reporter, make_comment(article))
    with pytest.raises(services.RateLimited, match="many comments within an hour"):
        report(reporter, make_comment(article))


def test_three_readers_cannot_hold_a_whole_discussion(article):
    reporters = [trusted_user() for _number in range(3)]
    comments = [post(trusted_user(), article) for _number in range(policy.COUNTING_REPORTS_A_DAY + 2)]
    for comment in comments:
        for reporter in reporters:
            report(reporter, comment)
    assert Comment.objects.filter(state=State.PENDING).count() == policy.COUNTING_REPORTS_A_DAY
    assert set(Comment.objects.reported()) == set(comments[policy.COUNTING_REPORTS_A_DAY :])


@pytest.mark.parametrize("is_trusted", [True, False])
def test_every_report_is_open_until_a_decision(article, moderator, is_trusted):
    comment = make_comment(article)
    report(trusted_user() if is_trusted else make_user(), comment)
    assert list(Comment.objects.reported()) == [comment]
    decide(moderator, comment, ModerationAction.APPROVE)
    comment.refresh_from_db()
    assert (comment.state, comment.approved) == (State.VISIBLE, True)
    assert not Comment.objects.reported().exists()
    assert not Report.objects.open().exists()
    report(make_user(), comment)
    assert list(Comment.objects.reported()) == [comment]


def test_report_is_open_again_when_the_decision_is_undone(article, moderator):
    comment = make_comment(article)
    report(make_user(), comment)
    decide(moderator, comment, ModerationAction.APPROVE)
    services.undo_last(moderator=moderator)
    comment.refresh_from_db()
    assert (comment.state, comment.approved) == (State.VISIBLE, False)
    assert list(Comment.objects.reported()) == [comment]


def test_removing_settles_the_reports(article, moderator):
    comment = make_comment(article)
    report(make_user(), comment)
    decide(moderator, comment, ModerationAction.REMOVE)
    assert not Report.objects.open().exists()


def test_visible_comment_without_open_reports_cannot_be_approved(article, moderator):
    with pytest.raises(services.StaleDecision):
        decide(moderator, make_comment(article), ModerationAction.APPROVE)


def test_decision_is_refused_after_a_report_that_the_moderator_has_not_seen(article, moderator):
    comment = make_comment(article)
    seen = report(make_user(), comment)
    report(make_user(), comment)
    with pytest.raises(services.StaleDecision, match="Another report"):
        decide(moderator, comment, ModerationAction.APPROVE, last_report_id=seen.pk)
    assert Report.objects.open().count() == 2


def test_reports_do_not_hold_an_approved_comment(article):
    comment = make_comment(article)
    for _reporter in range(3):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


def test_reports_from_before_an_approval_do_not_hold_a_later_text(article):
    author = trusted_user()
    comment = post(author, article)
    for _number in range(3):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    decide_as_somebody(comment, ModerationAction.APPROVE)
    services.edit_comment(user=author, comment_id=comment.pk, body="Put otherwise.")
    for state in (State.VISIBLE, State.VISIBLE, State.PENDING):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
        comment.refresh_from_db()
        assert comment.state == state


def test_reports_of_banned_users_do_not_count(article):
    comment = post(trusted_user(), article)
    for _number in range(3):
        reporter = trusted_user()
        Ban.objects.create(user=reporter, why="test")
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert (comment.state, Report.objects.count()) == (State.VISIBLE, 3)


def test_author_cannot_report_their_comment(article, reader):
    comment = make_comment(article, author=reader)
    with pytest.raises(services.CommentError):
        services.report_comment(user=reader, comment_id=comment.pk, reason=ReportReason.OTHER)


def test_unverified_reader_cannot_report(article, unverified):
    comment = make_comment(article)
    with pytest.raises(services.Forbidden):
        services.report_comment(user=unverified, comment_id=comment.pk, reason=ReportReason.OTHER)

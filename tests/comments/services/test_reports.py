"""Reports by readers, and when they hold a comment."""

import pytest

from comments import services
from comments.models import Ban, Report
from comments.policy import HoldRule, ModerationAction, ReportReason, State
from tests.factories import decide_as_somebody, make_comment, make_user

from .conftest import post, trusted_user

pytestmark = pytest.mark.django_db


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

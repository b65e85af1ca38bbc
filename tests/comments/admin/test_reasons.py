"""Reasons for rejecting comments: rows that moderators edit, in both languages."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from comments import services
from comments.models import Decision, Reason
from comments.policy import ModerationAction, RemovedBy, State
from tests.factories import decide_as_somebody, make_comment, make_user

pytestmark = pytest.mark.django_db

REASONS = "/admin/comments/reason/"


def codes() -> list[str]:
    return list(Reason.objects.values_list("code", flat=True))


def test_six_reasons_exist_after_migration():
    assert codes() == ["off_topic", "uncivil", "advertising", "unlawful", "unclear", "other"]
    assert Reason.objects.get(code="uncivil").text_in("zh-hans") == "针对个人，而非针对论点。"


def test_given_text_stays_when_the_reason_changes(article):
    comment = make_comment(article, state=State.PENDING)
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear")
    Reason.objects.filter(code="unclear").update(text_en="Please say it again.")
    comment.refresh_from_db()
    assert comment.note == Decision.objects.get().note == "We could not make out what it says."


def test_note_replaces_the_text_of_the_reason(article):
    comment = make_comment(article, state=State.PENDING)
    decision = decide_as_somebody(
        comment, ModerationAction.REJECT, reason="unclear", note="  Which claim?\r\nThe first?  "
    )
    comment.refresh_from_db()
    assert (comment.reason, comment.note, decision.reason_id) == (
        "unclear",
        "Which claim?\nThe first?",
        "unclear",
    )


def test_blank_note_is_ignored(article):
    comment = make_comment(article, state=State.PENDING)
    assert (
        decide_as_somebody(comment, ModerationAction.REJECT, reason="other", note=" \n").note
        == "It does not fit the comment policy."
    )


@pytest.mark.parametrize("reason", ["", "nothing", "uncivil", "moderator"])
def test_unknown_or_inactive_reason_is_refused(article, reason):
    Reason.objects.filter(code="uncivil").update(active=False)
    comment = make_comment(article, state=State.PENDING)
    with pytest.raises(services.CommentError, match="Choose the reason"):
        decide_as_somebody(comment, ModerationAction.REJECT, reason=reason)
    comment.refresh_from_db()
    assert (comment.state, Decision.objects.count()) == (State.PENDING, 0)


def test_approval_clears_the_note(article):
    comment = make_comment(article, state=State.REJECTED)
    decide_as_somebody(comment, ModerationAction.UNDO)
    decision = decide_as_somebody(comment, ModerationAction.APPROVE, reason="uncivil", note="Never mind.")
    comment.refresh_from_db()
    assert (comment.note, decision.note, decision.reason) == ("", "", None)


@pytest.mark.parametrize("code", ["", *RemovedBy.values])
def test_code_with_another_meaning_is_refused(code):
    with pytest.raises(IntegrityError), transaction.atomic():
        Reason.objects.create(code=code, text_en="Words.", text_zh="话。")


def test_moderators_add_reasons_in_both_languages(client_of, moderator):
    client = client_of(moderator)
    client.post(
        f"{REASONS}add/",
        {
            "code": "promises",
            "text_en": "It promises too much.",
            "text_zh": "说得太满。",
            "order": 5,
            "active": "on",
        },
    )
    assert codes()[0] == "promises"
    response = client.post(f"{REASONS}add/", {"code": "author", "text_en": "x", "text_zh": "x", "order": 5})
    assert "This short name has a meaning of its own." in response.content.decode()
    reason = Reason.objects.get(code="promises")
    client.post(
        f"{REASONS}{reason.pk}/change/",
        {"code": "other_name", "text_en": "It promises.", "text_zh": "太满。", "order": 5},
    )
    assert Reason.objects.values_list("code", "text_en", "active").get(pk=reason.pk) == (
        "promises",
        "It promises.",
        False,
    )


@pytest.mark.parametrize("group", ["Author", "Editor"])
def test_other_staff_cannot_edit_reasons(client_of, group):
    assert client_of(make_user(group=group)).get(REASONS).status_code == 403


def test_given_reason_can_only_be_deactivated(article, client_of, moderator):
    make_comment(article, state=State.REJECTED)  # off_topic
    client = client_of(moderator)
    given, unused = Reason.objects.get(code="off_topic"), Reason.objects.get(code="other")
    assert client.post(f"{REASONS}{given.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{REASONS}{unused.pk}/delete/", {"post": "yes"})
    assert "off_topic" in codes()
    assert "other" not in codes()
    with pytest.raises(ProtectedError):
        given.delete()

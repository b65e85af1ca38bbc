"""Concurrent requests of moderators, in real transactions."""

import pytest
from django.db import connection

from comments import services
from comments.models import Claim, Decision
from comments.policy import ModerationAction, State
from tests.factories import make_article, make_comment, make_user

from .conftest import at_once

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite lets one writer in at a time: there is nothing to race",
    ),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def article():
    return make_article("raced")


def test_second_of_two_approvals_learns_who_was_first(article):
    comment = make_comment(article, state=State.PENDING)
    moderators = [make_user(display_name=name) for name in ("Mei", "Ann")]
    results = at_once(
        *[
            lambda who=who: services.decide(
                moderator=who,
                comment_id=comment.pk,
                action=ModerationAction.APPROVE,
                version_token=comment.version_token,
            )
            for who in moderators
        ]
    )
    (decision,) = [result for result in results if isinstance(result, Decision)]
    (refusal,) = [result for result in results if isinstance(result, services.StaleDecision)]
    assert str(refusal).startswith(
        f"{decision.moderator.display_name} has already decided about this comment: waiting for a moderator →"
    )
    assert Decision.objects.count() == 1


def test_comment_opened_by_many_is_claimed_by_one(article):
    comment = make_comment(article, state=State.PENDING)
    moderators = [make_user() for _number in range(6)]
    held = at_once(
        *[
            lambda who=who: services.claim_comment(moderator=who, comment_id=comment.pk).moderator_id
            for who in moderators
        ]
    )
    assert len(set(held)) == 1
    assert Claim.objects.get().moderator_id == held[0]


def test_comment_taken_over_during_a_decision_is_decided_once(article):
    comment = make_comment(article, state=State.PENDING)
    one, other = make_user(), make_user()
    services.claim_comment(moderator=one, comment_id=comment.pk)
    seen = comment.version_token

    def take_over_and_reject():
        services.claim_comment(moderator=other, comment_id=comment.pk, take_over=True)
        return services.decide(
            moderator=other,
            comment_id=comment.pk,
            action=ModerationAction.REJECT,
            reason="other",
            version_token=seen,
        )

    results = at_once(
        lambda: services.decide(
            moderator=one, comment_id=comment.pk, action=ModerationAction.APPROVE, version_token=seen
        ),
        take_over_and_reject,
    )
    assert sorted(isinstance(result, Decision) for result in results) == [False, True]
    comment.refresh_from_db()
    assert comment.state == Decision.objects.get().to_state


def test_concurrent_undos_undo_only_own_decisions(article):
    comment = make_comment(article, state=State.PENDING)
    moderator, other = make_user(), make_user()
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    comment.refresh_from_db()
    at_once(
        lambda: services.undo_last(moderator=moderator),
        lambda: services.undo_last(moderator=moderator),
        lambda: services.decide(
            moderator=other,
            comment_id=comment.pk,
            action=ModerationAction.REMOVE,
            version_token=comment.version_token,
        ),
    )
    verbs = list(Decision.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs in (
        [ModerationAction.APPROVE, ModerationAction.UNDO],
        [ModerationAction.APPROVE, ModerationAction.REMOVE],
    )

import pytest

from comments.policy import (
    TRANSITIONS,
    HoldRule,
    ModerationAction,
    Outcome,
    RefusalReason,
    RemovedBy,
    ScreeningFacts,
    State,
    Switch,
    author_message,
    discussion_page_number,
    placeholder_text,
    refusal_reason,
    screen,
)

TRUSTED = ScreeningFacts(verified=True, approved_before=True)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (TRUSTED, Outcome(State.VISIBLE)),
        (ScreeningFacts(verified=True), Outcome(State.PENDING, HoldRule.NEWCOMER)),
        (ScreeningFacts(verified=True, links=1), Outcome(State.PENDING, HoldRule.LINKS)),
        (ScreeningFacts(verified=True, approved_before=True, links=3), Outcome(State.VISIBLE)),
        (
            ScreeningFacts(verified=True, approved_before=True, rejected_lately=True),
            Outcome(State.PENDING, HoldRule.REJECTED_LATELY),
        ),
        (
            ScreeningFacts(verified=True, approved_before=True, duplicate=True),
            Outcome(State.PENDING, HoldRule.DUPLICATE),
        ),
        (ScreeningFacts(verified=False, approved_before=True), Outcome(State.UNVERIFIED)),
    ],
)
def test_screen(facts: ScreeningFacts, outcome: Outcome):
    assert screen(facts) == outcome


def test_every_action_starts_from_a_state_that_moderators_see():
    assert {state for moves in TRANSITIONS.values() for state in moves} == {State.PENDING, State.VISIBLE}
    assert set(TRANSITIONS) == set(ModerationAction) - {ModerationAction.UNDO}


@pytest.mark.parametrize(("thread_no", "page"), [(1, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
def test_discussion_page_number(thread_no: int, page: int):
    assert discussion_page_number(thread_no) == page


def test_placeholder_says_who_removed_the_comment():
    assert placeholder_text(State.REMOVED, RemovedBy.AUTHOR) == "Removed by its author."
    assert placeholder_text(State.REMOVED, "advertising") == "Removed by a moderator."


def test_placeholder_does_not_give_the_moderators_reason():
    assert author_message(State.REMOVED, "advertising") == ""  # the comment's note has the text
    assert placeholder_text(State.REJECTED, "uncivil") == "Removed by a moderator."


def facts(**what) -> ScreeningFacts:
    return ScreeningFacts(verified=True, approved_before=True, **what)


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ({"switch": Switch.OPEN}, None),
        ({"switch": Switch.HELD}, HoldRule.EVERYTHING_HELD),
        ({"switch": Switch.CLOSED}, HoldRule.EVERYTHING_HELD),
        ({"banned": True, "switch": Switch.HELD}, HoldRule.BANNED),
        ({"held_words": True}, HoldRule.HELD_WORDS),
        ({"refused_words": True}, HoldRule.HELD_WORDS),
        ({"links": 5}, None),
        ({"links": 6}, HoldRule.MANY_LINKS),
        ({"too_fast": True}, HoldRule.TOO_FAST),
        ({"too_many": True}, HoldRule.TOO_FAST),
        ({"too_fast": True, "held_words": True, "switch": Switch.HELD}, HoldRule.EVERYTHING_HELD),
    ],
)
def test_screen_holds_trusted_authors_by(what: dict, rule: HoldRule | None):
    assert screen(facts(**what)) == (Outcome(State.PENDING, rule) if rule else Outcome(State.VISIBLE))


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ({}, None),
        ({"switch": Switch.HELD, "held_words": True, "too_fast": True, "links": 9}, None),
        ({"switch": Switch.CLOSED}, RefusalReason.CLOSED),
        ({"refused_words": True}, RefusalReason.WORDS),
        ({"too_many": True}, RefusalReason.TOO_MANY),
        ({"too_many": True, "refused_words": True, "switch": Switch.CLOSED}, RefusalReason.CLOSED),
    ],
)
def test_refusal_reason(what: dict, refusal: RefusalReason | None):
    assert refusal_reason(facts(**what)) == refusal


def test_unverified_comes_before_every_rule():
    assert screen(ScreeningFacts(verified=False, held_words=True, switch=Switch.HELD)) == Outcome(
        State.UNVERIFIED
    )

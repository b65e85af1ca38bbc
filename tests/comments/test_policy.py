import pytest

from comments.policy import (
    MOVES,
    Facts,
    Hold,
    Refusal,
    Remover,
    State,
    Switch,
    Verb,
    Verdict,
    judge,
    page_of,
    refusal_of,
    told_in_its_place,
    told_to_author,
)

TRUSTED = Facts(verified=True, approved_before=True)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (TRUSTED, Verdict(State.VISIBLE)),
        (Facts(verified=True), Verdict(State.PENDING, Hold.NEWCOMER)),
        (Facts(verified=True, links=1), Verdict(State.PENDING, Hold.LINKS)),
        (Facts(verified=True, approved_before=True, links=3), Verdict(State.VISIBLE)),
        (Facts(verified=True, approved_before=True, rejected_lately=True), Verdict(State.PENDING, Hold.REJECTED_LATELY)),
        (Facts(verified=True, approved_before=True, duplicate=True), Verdict(State.PENDING, Hold.DUPLICATE)),
        (Facts(verified=False, approved_before=True), Verdict(State.UNVERIFIED)),
    ],
)
def test_judge(facts: Facts, verdict: Verdict):
    assert judge(facts) == verdict


def test_every_decision_starts_from_a_state_that_moderators_see():
    assert {state for moves in MOVES.values() for state in moves} == {State.PENDING, State.VISIBLE}
    assert set(MOVES) == set(Verb) - {Verb.UNDO}


@pytest.mark.parametrize(("thread_no", "page"), [(1, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
def test_page_of(thread_no: int, page: int):
    assert page_of(thread_no) == page


def test_a_place_says_who_removed_the_comment():
    assert told_in_its_place(State.REMOVED, Remover.AUTHOR) == "Removed by its author."
    assert told_in_its_place(State.REMOVED, "advertising") == "Removed by a moderator."


def test_a_moderators_reason_is_for_the_author_alone():
    assert told_to_author(State.REMOVED, "advertising") == ""  # the words go with the comment
    assert told_in_its_place(State.REJECTED, "uncivil") == "Removed by a moderator."


def facts(**what) -> Facts:
    return Facts(verified=True, approved_before=True, **what)


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ({"switch": Switch.OPEN}, None),
        ({"switch": Switch.HELD}, Hold.EVERYTHING_HELD),
        ({"switch": Switch.CLOSED}, Hold.EVERYTHING_HELD),
        ({"banned": True, "switch": Switch.HELD}, Hold.BANNED),
        ({"held_words": True}, Hold.HELD_WORDS),
        ({"refused_words": True}, Hold.HELD_WORDS),
        ({"links": 5}, None),
        ({"links": 6}, Hold.MANY_LINKS),
        ({"too_fast": True}, Hold.TOO_FAST),
        ({"too_many": True}, Hold.TOO_FAST),
        ({"too_fast": True, "held_words": True, "switch": Switch.HELD}, Hold.EVERYTHING_HELD),
    ],
)
def test_the_rules_that_hold_somebody_trusted(what: dict, rule: Hold | None):
    assert judge(facts(**what)) == (Verdict(State.PENDING, rule) if rule else Verdict(State.VISIBLE))


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ({}, None),
        ({"switch": Switch.HELD, "held_words": True, "too_fast": True, "links": 9}, None),
        ({"switch": Switch.CLOSED}, Refusal.CLOSED),
        ({"refused_words": True}, Refusal.WORDS),
        ({"too_many": True}, Refusal.TOO_MANY),
        ({"too_many": True, "refused_words": True, "switch": Switch.CLOSED}, Refusal.CLOSED),
    ],
)
def test_what_is_not_taken_at_all(what: dict, refusal: Refusal | None):
    assert refusal_of(facts(**what)) == refusal


def test_who_has_not_confirmed_waits_for_that_whatever_else_there_is():
    assert judge(Facts(verified=False, held_words=True, switch=Switch.HELD)) == Verdict(State.UNVERIFIED)

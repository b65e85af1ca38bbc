"""Two at once, with real transactions: each test lets threads run into each other at the one moment where it matters."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from comments import services
from comments.models import Claim, Comment, Decision, Discussion
from comments.policy import HoldRule, ModerationAction, State, Switch
from comments.services import erasure
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_comment, make_user

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite lets one writer in at a time: there is nothing to race",
    ),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """Start all together, each on its own connection. What a verb raises is its result."""
    gate = threading.Barrier(len(verbs))

    def run(verb: Callable[[], object]) -> object:
        gate.wait(10)
        try:
            return verb()
        except services.CommentError as refusal:
            return refusal
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run, verbs))


@pytest.fixture
def article():
    return make_article("raced")


def test_one_submission_sent_twice_at_once_is_one_comment(article):
    user, submission = make_user(), uuid.uuid4()

    def send():
        return services.post_comment(user=user, article=article, body="Once.", submission=submission).pk

    assert len(set(at_once(*[send] * 6))) == 1
    assert Comment.objects.count() == 1


def test_of_many_sent_at_once_no_more_appear_than_at_a_time(article, settings):
    settings.COMMENTS_AT_A_TIME = 3
    user = make_user()
    make_comment(
        make_article("earlier"), author=user, written_at=timezone.now() - timedelta(days=1)
    )  # trusted
    texts = [f"Number {number} of many." for number in range(8)]
    at_once(
        *[
            lambda text=text: services.post_comment(
                user=user, article=article, body=text, submission=uuid.uuid4()
            )
            for text in texts
        ]
    )
    assert Comment.objects.in_discussion_of(article).visible().count() == 3


def test_threads_that_become_visible_at_once_get_different_numbers(article):
    pending = [make_comment(article, state=State.PENDING) for _number in range(6)]
    moderator = make_user()
    at_once(
        *[
            lambda pk=comment.pk: services.decide(
                moderator=moderator, comment_id=pk, action=ModerationAction.APPROVE
            )
            for comment in pending
        ]
    )
    assert sorted(Comment.objects.values_list("thread_no", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Discussion.objects.values_list("threads", "comments").get() == (6, 6)


def test_two_moderators_decide_once(article):
    comment = make_comment(article, state=State.PENDING)
    seen, one, other = comment.version_token, make_user(), make_user()
    results = at_once(
        lambda: services.decide(
            moderator=one, comment_id=comment.pk, action=ModerationAction.APPROVE, version_token=seen
        ),
        lambda: services.decide(
            moderator=other,
            comment_id=comment.pk,
            action=ModerationAction.REJECT,
            reason="other",
            version_token=seen,
        ),
    )
    assert sorted(type(result).__name__ for result in results) == ["Decision", "Overtaken"]
    decision = Decision.objects.get()
    comment.refresh_from_db()
    assert comment.state == decision.to_state


def test_an_edit_at_the_moment_of_the_decision_is_never_decided_unseen(article):
    author, moderator = make_user(), make_user()
    comment = make_comment(article, author=author, state=State.PENDING)
    seen = comment.version_token
    decided, _edited = at_once(
        lambda: services.decide(
            moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE, version_token=seen
        ),
        lambda: services.edit_comment(user=author, comment_id=comment.pk, body="Not what was read."),
    )
    comment.refresh_from_db()
    # Whoever was first: what nobody has read is not visible.
    assert comment.state == State.PENDING
    assert comment.body == "Not what was read."
    if isinstance(decided, Decision):
        assert decided.body == "An argument about patents."


def test_an_edit_at_the_moment_of_the_release_is_kept_and_released(article):
    author = make_user(verified=False)
    comment = make_comment(article, author=author, state=State.UNVERIFIED)
    author.emailaddress_set.update(verified=True)
    at_once(
        lambda: services.release_comments(author),
        lambda: services.edit_comment(user=author, comment_id=comment.pk, body="Mended."),
    )
    comment.refresh_from_db()
    assert (comment.state, comment.body) == (State.PENDING, "Mended.")


def test_a_comment_posted_at_the_moment_of_the_release_does_not_stay_behind(article):
    author = make_user(verified=False)

    def confirm():
        author.emailaddress_set.update(verified=True)
        return services.release_comments(author)

    at_once(
        confirm,
        lambda: services.post_comment(
            user=author, article=article, body="Just now.", submission=uuid.uuid4()
        ),
    )
    assert Comment.objects.get().state == State.PENDING


def test_a_reply_to_what_is_being_removed_has_a_visible_parent_or_none(article):
    author, replier = make_user(), make_user()
    thread = make_comment(article, author=author)
    make_comment(article, author=replier)  # trusted
    removed, replied = at_once(
        lambda: services.remove_comment(user=author, comment_id=thread.pk),
        lambda: services.post_comment(
            user=replier, article=article, body="But why?", submission=uuid.uuid4(), parent_id=thread.pk
        ),
    )
    assert removed.state == State.REMOVED
    assert isinstance(replied, services.ParentNotFound) or replied.parent_id == thread.pk


@pytest.mark.parametrize("erase", [services.erase_comments, services.erase_in_batches])
def test_leaving_while_others_answer_and_decide_ends_well(article, erase, monkeypatch):
    monkeypatch.setattr(erasure, "ERASURE_BATCH", 2)
    leaver, replier, moderator = make_user(), make_user(), make_user()
    make_comment(article, author=replier)
    threads = [make_comment(article, author=leaver) for _number in range(3)]
    replies = [make_comment(article, author=leaver, parent=thread, state=State.PENDING) for thread in threads]

    def decide(comment):
        try:
            return services.decide(
                moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE
            )
        except services.CommentNotFound:
            return None

    at_once(
        lambda: erase(leaver),
        *[
            lambda pk=thread.pk: services.post_comment(
                user=replier, article=article, body=f"On {pk}.", submission=uuid.uuid4(), parent_id=pk
            )
            for thread in threads
        ],
        *[lambda reply=reply: decide(reply) for reply in replies],
    )
    assert not Comment.objects.filter(author=leaver).exists()
    assert Discussion.objects.get().comments == Comment.objects.visible().count()


# --- second readings -------------------------------------------------------------------------------------------------------------------


def test_a_second_reading_asked_for_twice_at_once_is_one(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(*[lambda: services.resubmit(user=author, comment_id=comment.pk, body="Mended.")] * 4)
    assert {type(result) for result in results} == {Comment}
    comment.refresh_from_db()
    assert (comment.state, comment.revision) == (State.PENDING, 1)


def test_two_different_mendings_at_once_are_one_and_the_other_is_told(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(
        *[
            lambda body=body: services.resubmit(user=author, comment_id=comment.pk, body=body)
            for body in ("One.", "Two.")
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Comment", "Refused"]
    comment.refresh_from_db()
    assert comment.revision == 1


def test_mending_and_appealing_at_once_is_one_of_them(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(
        lambda: services.resubmit(user=author, comment_id=comment.pk, body="Mended."),
        lambda: services.appeal(user=author, comment_id=comment.pk, note="It should stand."),
    )
    assert sorted(type(result).__name__ for result in results) == ["Comment", "Refused"]
    comment.refresh_from_db()
    assert (comment.revised_at is None) != (comment.appealed_at is None)
    assert comment.body == ("Mended." if comment.revised_at else "An argument about patents.")


def test_an_appeal_at_the_moment_of_the_undo_is_one_of_them(article):
    comment = make_comment(article, state=State.REJECTED)
    moderator, author = comment.decisions.get(verb=ModerationAction.REJECT).moderator, comment.author
    undone, appealed = at_once(
        lambda: services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.UNDO),
        lambda: services.appeal(user=author, comment_id=comment.pk, note="It should stand."),
    )
    comment.refresh_from_db()
    assert comment.state == State.PENDING
    if isinstance(undone, services.StaleDecision):
        assert (comment.reason, comment.appeal) == (HoldRule.APPEALED, "It should stand.")
    else:  # what the moderator took back needs no appeal, and the one there is to make is not used up
        assert isinstance(appealed, services.CommentError)
        assert (comment.reason, comment.appealed_at) == (HoldRule.UNDONE, None)


@pytest.mark.parametrize("where", ["site", "article"])
def test_after_the_switchs_answer_no_comment_becomes_visible(article, where):
    moderator, writers = make_user(), [make_user() for _number in range(4)]
    for writer in writers:
        make_comment(article, author=writer)  # trusted
    visible_at_answer = []

    def close():
        if where == "site":
            services.switch_site(by=moderator, switch=Switch.CLOSED)
        else:
            services.switch_discussion(by=moderator, key=article.translation_key, switch=Switch.CLOSED)
        visible_at_answer.append(Comment.objects.visible().count())

    def write(writer, number):
        return services.post_comment(
            user=writer, article=article, body=f"Comment {writer.pk} {number}", submission=uuid.uuid4()
        )

    def flood(writer):
        def all_of_them():
            for number in range(4):
                write(writer, number)

        return all_of_them

    at_once(close, *(flood(writer) for writer in writers))
    assert Comment.objects.visible().count() == visible_at_answer[0]


def posting(article, writer):
    return lambda: services.post_comment(
        user=writer, article=article, body="In the middle.", submission=uuid.uuid4()
    )


def editing(article, writer):
    comment = make_comment(article, author=writer, body="Before.")
    return lambda: services.edit_comment(user=writer, comment_id=comment.pk, body="In the middle.")


def confirming(article, writer):
    writer.emailaddress_set.update(verified=False)
    services.post_comment(user=writer, article=article, body="In the middle.", submission=uuid.uuid4())
    writer.emailaddress_set.update(verified=True)
    return lambda: services.release_comments(writer)


@pytest.mark.parametrize("begin", [posting, editing, confirming])
def test_a_switch_waits_for_who_is_writing_and_for_nobody_who_comes_after(article, begin):
    """A comment that was judged before the switch is committed before it is answered."""
    writer, moderator = make_user(), make_user()
    make_comment(article, author=writer)
    step = begin(article, writer)
    judged, closed = threading.Event(), threading.Event()

    def write():
        with public_write():
            step()
            judged.set()
            assert not closed.wait(timeout=0.3), "closed while a comment was being written"
        return Comment.objects.get(body="In the middle.")

    def close():
        judged.wait(timeout=10)
        services.switch_site(by=moderator, switch=Switch.CLOSED)
        closed.set()
        return Comment.objects.get(body="In the middle.").state

    written, seen = at_once(write, close)
    assert (written.state, seen) == (State.VISIBLE, State.VISIBLE)


# --- moderators ------------------------------------------------------------------------------------------------------------------------


def test_two_moderators_who_approve_at_once_decide_once_and_the_other_hears_who_and_what(article):
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


def test_a_comment_is_claimed_by_one_of_many_who_open_it_at_once(article):
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


def test_a_comment_that_is_taken_over_while_it_is_decided_about_is_decided_once(article):
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


def test_two_moderators_who_undo_at_once_do_not_undo_each_others_decisions(article):
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

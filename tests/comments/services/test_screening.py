"""What holds or refuses a comment, as its author sees it: in the form, in place, in My comments."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from comments import services
from comments.models import BlockedPhrase, Comment, CommentDraft, SiteCommentSettings
from comments.policy import HoldRule, ModerationAction, State
from comments.text.blocklist import BlockEffect
from tests.comments.conftest import FRAGMENT
from tests.factories import decide_as_somebody, make_article, make_comment
from tests.pagecache import recorder

pytestmark = pytest.mark.django_db

HELD = "It has words that a moderator looks at first"
REFUSED = "This text has words that are not taken here."


@pytest.fixture
def trusted(article, reader):
    """`reader`, with a comment approved a day ago."""
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        make_comment(article, author=reader, body="My first comment, approved.")
    return reader


def list_phrase(text: str, effect: str = BlockEffect.HOLD) -> BlockedPhrase:
    phrase = BlockedPhrase(text=text, effect=effect)
    phrase.clean()
    phrase.save()
    return phrase


def posted(user, article, body: str, **sent) -> Comment:
    return services.post_comment(user=user, article=article, body=body, submission=uuid.uuid4(), **sent)


def test_blocked_phrase_holds_a_trusted_authors_comment(article, trusted, client_of, send):
    list_phrase("casino")
    client = client_of(trusted)
    response = send(client, "The c\u200bаsino bill.", headers=FRAGMENT)
    assert response.status_code == 201
    comment = Comment.objects.get(state=State.PENDING)
    assert (comment.reason, comment.matched_phrases) == (HoldRule.HELD_WORDS, "casino")
    for page in (
        response,
        client.get(reverse("comments:my_comments")),
        client.get(reverse("comments:personal_fragment", args=[article.pk])),
    ):
        assert HELD in page.content.decode()


def test_author_does_not_learn_which_phrase_holds_the_comment(article, trusted, client_of, send):
    list_phrase("secretword")
    client = client_of(trusted)
    assert "secretword" not in send(client, "A s-e-c-r-e-t-w-o-r-d.", headers=FRAGMENT).content.decode()
    assert "secretword" not in client.get(reverse("comments:my_comments")).content.decode()


def test_comment_without_blocked_phrases_is_visible(article, trusted):
    list_phrase("casino")
    comment = posted(trusted, article, "Casinos are not on the list.")
    assert (comment.state, comment.matched_phrases) == (State.VISIBLE, "")


def test_blocklist_applies_as_soon_as_it_changes(article, trusted):
    assert posted(trusted, article, "One casino.").state == State.VISIBLE
    phrase = list_phrase("casino")
    assert posted(trusted, article, "Two casino.").state == State.PENDING
    phrase.text = "lottery"
    phrase.save()
    assert posted(trusted, article, "Three casino.").state == State.VISIBLE
    assert posted(trusted, article, "A lottery.").state == State.PENDING
    BlockedPhrase.objects.all().delete()
    assert posted(trusted, article, "Another lottery.").state == State.VISIBLE


def test_blocklist_change_purges_no_page(article, settings, django_capture_on_commit_callbacks):
    settings.PAGE_CACHE_BACKENDS = ["tests.pagecache.recorder.record_purge"]
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        list_phrase("casino")
    assert recorder.purged == []


def test_blocklist_is_read_once_per_version(article, trusted, django_assert_num_queries):
    list_phrase("casino")
    posted(trusted, article, "One.")
    with django_assert_num_queries(1):
        services.rescreen(
            Comment(article=article, discussion_id=article.translation_key, body="Two."), trusted
        )


def test_refused_text_comes_back_in_the_form(article, trusted, client_of, send):
    list_phrase("加V信", BlockEffect.REFUSE)
    for headers in (None, FRAGMENT):
        response = send(client_of(trusted), "请加V信 <b>详谈</b>", headers=headers)
        html = response.content.decode()
        assert response.status_code == 422
        assert REFUSED in html
        assert ">\n请加V信 &lt;b&gt;详谈&lt;/b&gt;</textarea>" in html
    assert Comment.objects.count() == 1, "the first, approved one"


def test_lookalike_of_a_refused_phrase_is_held(article, trusted):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = posted(trusted, article, "c a s i n o")
    assert (comment.state, comment.reason, comment.matched_phrases) == (
        State.PENDING,
        HoldRule.HELD_WORDS,
        "casino",
    )


def test_draft_is_screened_only_when_it_is_posted(article, trusted, stranger, send):
    list_phrase("casino", BlockEffect.REFUSE)
    submission = str(uuid.uuid4())
    assert send(stranger, "My casino.", submission=submission).status_code == 302
    stranger.force_login(trusted)
    response = send(stranger, "My casino.", submission=submission)
    assert response.status_code == 422
    assert REFUSED in response.content.decode()
    assert ">\nMy casino.</textarea>" in response.content.decode()
    assert CommentDraft.objects.get().body == "My casino."
    assert send(stranger, "My gambling house.", submission=submission).status_code == 302
    assert not CommentDraft.objects.exists()


def test_refused_phrase_is_refused_from_unverified_authors(article, unverified, client_of, send):
    list_phrase("casino", BlockEffect.REFUSE)
    assert send(client_of(unverified), "My casino.").status_code == 422


def test_text_accepted_before_a_blocklist_change_is_held_at_release(article, unverified):
    comment = posted(unverified, article, "My casino.")
    list_phrase("casino", BlockEffect.REFUSE)
    unverified.emailaddress_set.update(verified=True)
    services.release_comments(unverified)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.HELD_WORDS)


def test_refused_edit_leaves_the_comment_and_shows_the_text(article, trusted, client_of):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = posted(trusted, article, "A gambling house.")
    response = client_of(trusted).post(reverse("comments:edit", args=[comment.pk]), {"body": "A casino."})
    assert response.status_code == 422
    assert REFUSED in response.content.decode()
    assert ">\nA casino.</textarea>" in response.content.decode()
    comment.refresh_from_db()
    assert (comment.body, comment.state) == ("A gambling house.", State.VISIBLE)


def test_refused_phrase_is_refused_in_a_resubmission(article, reader):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = make_comment(article, author=reader, state=State.REJECTED)
    with pytest.raises(services.CommentError, match=REFUSED):
        services.resubmit(user=reader, comment_id=comment.pk, body="A casino.")


def test_edit_is_screened_by_its_new_text(article, trusted, client_of):
    list_phrase("casino")
    comment = posted(trusted, article, "A gambling house.")
    client = client_of(trusted)
    client.post(reverse("comments:edit", args=[comment.pk]), {"body": "A casino."})
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.matched_phrases) == (
        State.PENDING,
        HoldRule.HELD_WORDS,
        "casino",
    )
    assert HELD in client.get(reverse("comments:my_comments")).content.decode()
    client.post(reverse("comments:edit", args=[comment.pk]), {"body": "A gambling house again."})
    comment.refresh_from_db()
    assert (comment.state, comment.matched_phrases) == (State.VISIBLE, "")


def test_unchanged_edit_of_an_approved_text_stays_approved(article, trusted):
    list_phrase("casino")
    comment = posted(trusted, article, "A casino.")
    decide_as_somebody(comment, ModerationAction.APPROVE)
    services.edit_comment(user=trusted, comment_id=comment.pk, body="A casino.\r\n".strip())
    comment.refresh_from_db()
    assert (comment.state, comment.approved, comment.revision) == (State.VISIBLE, True, 0)


def test_edit_does_not_count_as_duplicate_or_burst(article, trusted, settings):
    settings.COMMENTS_AT_A_TIME = 1
    comment = posted(trusted, article, "The first.")
    posted(trusted, article, "The second, held.")
    services.edit_comment(user=trusted, comment_id=comment.pk, body="The  first!")
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


def test_link_of_a_newcomer_holds_the_comment(article, reader):
    assert posted(reader, article, "See https://example.org").reason == HoldRule.LINKS


def test_many_links_hold_a_trusted_authors_comment(article, trusted, client_of, send):
    five = " ".join(f"https://example.org/{n}" for n in range(5))
    assert posted(trusted, article, five).state == State.VISIBLE
    send(client_of(trusted), f"{five} https://example.org/6")
    assert "It has many links." in client_of(trusted).get(reverse("comments:my_comments")).content.decode()


@pytest.mark.parametrize(
    "again",
    ["What about standards?", "what, about… STANDARDS", "Whаt abоut standards", "W\u200bhat about standards"],
)
def test_duplicate_in_other_letters_is_held(article, trusted, client_of, send, again: str):
    posted(trusted, article, "What about standards?")
    send(client_of(trusted), again)
    assert Comment.objects.filter(reason=HoldRule.DUPLICATE).count() == 1
    assert (
        "You have written the same before."
        in client_of(trusted).get(reverse("comments:my_comments")).content.decode()
    )


def test_duplicate_in_another_discussion_is_held_for_a_day(article, trusted):
    posted(trusted, article, "What about standards?")
    assert posted(trusted, make_article(), "What about standards?").reason == HoldRule.DUPLICATE
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert posted(trusted, make_article(), "What about standards?").state == State.VISIBLE


def test_short_thanks_to_different_people_are_no_duplicates(article, trusted):
    first, second = make_comment(article, body="An answer."), make_comment(article, body="Another answer.")
    assert posted(trusted, article, "Thank you!", parent_id=first.pk).state == State.VISIBLE
    assert posted(trusted, article, "谢谢！", parent_id=first.pk).state == State.VISIBLE
    assert posted(trusted, article, "Thank you!", parent_id=second.pk).state == State.VISIBLE
    again = posted(trusted, article, "thank you", parent_id=first.pk)
    assert (again.state, again.reason) == (State.PENDING, HoldRule.DUPLICATE)


@pytest.mark.parametrize(
    "body", ["Thanks, see https://a.example", "One two three four five six seven eight nine ten eleven"]
)
def test_long_replies_and_links_to_different_people_are_duplicates(article, trusted, body):
    first, second = make_comment(article, body="An answer."), make_comment(article, body="Another answer.")
    assert posted(trusted, article, body, parent_id=first.pk).state == State.VISIBLE
    assert posted(trusted, article, body, parent_id=second.pk).reason == HoldRule.DUPLICATE


def test_text_of_another_author_or_removed_comment_is_no_duplicate(article, trusted, author):
    make_comment(article, author=author, body="Something else first.")
    posted(author, article, "Agreed.")
    comment = posted(trusted, article, "Agreed.")
    assert comment.state == State.VISIBLE
    services.remove_comment(user=trusted, comment_id=comment.pk)
    assert posted(trusted, article, "Agreed.").state == State.VISIBLE


def test_sixth_comment_within_five_minutes_is_held(article, trusted, client_of, send):
    client = client_of(trusted)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for number in range(5):
            send(client, f"Comment {number}")
        clock.shift(timedelta(minutes=4, seconds=59))
        send(client, "The sixth.")
        clock.shift(timedelta(minutes=5))
        send(client, "After a pause.")
    assert list(Comment.objects.filter(reason=HoldRule.TOO_FAST).values_list("body", flat=True)) == [
        "The sixth."
    ]
    assert (
        "You have posted several comments within minutes."
        in client.get(reverse("comments:my_comments")).content.decode()
    )


def test_comment_above_the_hourly_limit_is_refused_with_the_time(article, trusted, client_of, send, settings):
    settings.COMMENTS_IN_AN_HOUR = 3
    client = client_of(trusted)
    noon = timezone.localtime().replace(hour=12, minute=0, second=30, microsecond=0) + timedelta(days=1)
    with time_machine.travel(noon, tick=False) as clock:
        for number in range(3):
            send(client, f"Comment {number}")
            clock.shift(timedelta(minutes=10))
        for headers in (None, FRAGMENT):
            response = send(client, "One more.", headers=headers)
            html = response.content.decode()
            assert response.status_code == 429
            assert "You have posted 3 comments within an hour. You can post again at 13:01 (UTC+8);" in html
            assert ">\nOne more.</textarea>" in html
        clock.move_to(noon + timedelta(hours=1, seconds=30))
        assert send(client, "At the time that was named.").status_code == 302


def test_removed_comments_count_against_the_hourly_limit(article, trusted, settings):
    settings.COMMENTS_IN_AN_HOUR = 1
    services.remove_comment(user=trusted, comment_id=posted(trusted, article, "One.").pk)
    with pytest.raises(services.RateLimited):
        posted(trusted, article, "Two.")


def test_repeated_submission_does_not_count_against_the_limit(article, trusted, settings):
    settings.COMMENTS_IN_AN_HOUR = 1
    submission = uuid.uuid4()
    first = services.post_comment(user=trusted, article=article, body="One.", submission=submission)
    assert services.post_comment(user=trusted, article=article, body="One.", submission=submission) == first


def test_blocked_phrase_is_named_before_newcomer(article, reader):
    list_phrase("casino")
    assert posted(reader, article, "A casino.").reason == HoldRule.HELD_WORDS


def test_edit_does_not_lift_a_moderators_hold(article, trusted):
    comment = posted(trusted, article, "A text.")
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="other")
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert SiteCommentSettings.objects.count() == 0, (
        "without a switch or a list there is no row, and nothing misses it"
    )

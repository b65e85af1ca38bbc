"""What holds a comment or refuses it, as its author meets it: at the form, in place, among their own comments, and when they edit."""

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
    """The reader, one of whose comments was approved a day ago."""
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


# --- held words ---


def test_a_listed_word_holds_the_comment_of_somebody_trusted(article, trusted, client_of, send):
    list_phrase("casino")
    client = client_of(trusted)
    response = send(client, "The c\u200bаsino bill.", headers=FRAGMENT)
    assert response.status_code == 201
    comment = Comment.objects.get(state=State.PENDING)
    assert (comment.reason, comment.matched_phrases) == (HoldRule.HELD_WORDS, "casino")
    for page in (
        response,
        client.get(reverse("comments:mine")),
        client.get(reverse("comments:me", args=[article.pk])),
    ):
        assert HELD in page.content.decode()


def test_who_is_told_of_held_words_is_not_told_which(article, trusted, client_of, send):
    list_phrase("secretword")
    client = client_of(trusted)
    assert "secretword" not in send(client, "A s-e-c-r-e-t-w-o-r-d.", headers=FRAGMENT).content.decode()
    assert "secretword" not in client.get(reverse("comments:mine")).content.decode()


def test_a_comment_without_listed_words_is_visible(article, trusted):
    list_phrase("casino")
    comment = posted(trusted, article, "Casinos are not on the list.")
    assert (comment.state, comment.matched_phrases) == (State.VISIBLE, "")


def test_the_list_counts_from_the_moment_that_it_changes(article, trusted):
    assert posted(trusted, article, "One casino.").state == State.VISIBLE
    phrase = list_phrase("casino")
    assert posted(trusted, article, "Two casino.").state == State.PENDING
    phrase.text = "lottery"
    phrase.save()
    assert posted(trusted, article, "Three casino.").state == State.VISIBLE
    assert posted(trusted, article, "A lottery.").state == State.PENDING
    BlockedPhrase.objects.all().delete()
    assert posted(trusted, article, "Another lottery.").state == State.VISIBLE


def test_a_change_of_the_list_leaves_every_stored_page_where_it_is(
    article, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_BACKENDS = ["tests.pagecache.recorder.record_purge"]
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        list_phrase("casino")
    assert recorder.purged == []


def test_the_list_is_read_once_for_each_state_that_it_is_in(article, trusted, django_assert_num_queries):
    list_phrase("casino")
    posted(trusted, article, "One.")
    with django_assert_num_queries(1):
        services.rescreen(
            Comment(article=article, discussion_id=article.translation_key, body="Two."), trusted
        )


# --- refused words ---


def test_a_refused_word_brings_the_text_back_in_its_box(article, trusted, client_of, send):
    list_phrase("加V信", BlockEffect.REFUSE)
    for headers in (None, FRAGMENT):
        response = send(client_of(trusted), "请加V信 <b>详谈</b>", headers=headers)
        html = response.content.decode()
        assert response.status_code == 422
        assert REFUSED in html
        assert ">\n请加V信 &lt;b&gt;详谈&lt;/b&gt;</textarea>" in html
    assert Comment.objects.count() == 1, "the first, approved one"


def test_what_only_looks_like_a_refused_word_is_held(article, trusted):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = posted(trusted, article, "c a s i n o")
    assert (comment.state, comment.reason, comment.matched_phrases) == (
        State.PENDING,
        HoldRule.HELD_WORDS,
        "casino",
    )


def test_a_strangers_text_is_kept_and_refused_only_when_it_is_to_be_posted(article, trusted, stranger, send):
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


def test_an_unverified_readers_text_is_refused_too(article, unverified, client_of, send):
    list_phrase("casino", BlockEffect.REFUSE)
    assert send(client_of(unverified), "My casino.").status_code == 422


def test_what_was_taken_before_the_list_changed_is_held_when_the_address_is_confirmed(article, unverified):
    comment = posted(unverified, article, "My casino.")
    list_phrase("casino", BlockEffect.REFUSE)
    unverified.emailaddress_set.update(verified=True)
    services.release_comments(unverified)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.HELD_WORDS)


def test_an_edit_to_refused_words_leaves_the_comment_and_shows_the_text(article, trusted, client_of):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = posted(trusted, article, "A gambling house.")
    response = client_of(trusted).post(reverse("comments:edit", args=[comment.pk]), {"body": "A casino."})
    assert response.status_code == 422
    assert REFUSED in response.content.decode()
    assert ">\nA casino.</textarea>" in response.content.decode()
    comment.refresh_from_db()
    assert (comment.body, comment.state) == ("A gambling house.", State.VISIBLE)


def test_a_rejected_comment_is_not_mended_with_refused_words(article, reader):
    list_phrase("casino", BlockEffect.REFUSE)
    comment = make_comment(article, author=reader, state=State.REJECTED)
    with pytest.raises(services.CommentError, match=REFUSED):
        services.resubmit(user=reader, comment_id=comment.pk, body="A casino.")


# --- edits are judged again ---


def test_an_edit_is_held_for_what_it_says_now(article, trusted, client_of):
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
    assert HELD in client.get(reverse("comments:mine")).content.decode()
    client.post(reverse("comments:edit", args=[comment.pk]), {"body": "A gambling house again."})
    comment.refresh_from_db()
    assert (comment.state, comment.matched_phrases) == (State.VISIBLE, "")


def test_an_approved_text_that_is_saved_unchanged_stays_approved(article, trusted):
    list_phrase("casino")
    comment = posted(trusted, article, "A casino.")
    decide_as_somebody(comment, ModerationAction.APPROVE)
    services.edit_comment(user=trusted, comment_id=comment.pk, body="A casino.\r\n".strip())
    comment.refresh_from_db()
    assert (comment.state, comment.approved, comment.revision) == (State.VISIBLE, True, 0)


def test_an_edit_is_no_repetition_of_itself_and_not_fast(article, trusted, settings):
    settings.COMMENTS_AT_A_TIME = 1
    comment = posted(trusted, article, "The first.")
    posted(trusted, article, "The second, held.")
    services.edit_comment(user=trusted, comment_id=comment.pk, body="The  first!")
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


# --- links ---


def test_a_newcomers_link_holds_and_is_named(article, reader):
    assert posted(reader, article, "See https://example.org").reason == HoldRule.LINKS


def test_many_links_hold_whoever_writes_them(article, trusted, client_of, send):
    five = " ".join(f"https://example.org/{n}" for n in range(5))
    assert posted(trusted, article, five).state == State.VISIBLE
    send(client_of(trusted), f"{five} https://example.org/6")
    assert "It has many links." in client_of(trusted).get(reverse("comments:mine")).content.decode()


# --- the same again ---


@pytest.mark.parametrize(
    "again",
    ["What about standards?", "what, about… STANDARDS", "Whаt abоut standards", "W\u200bhat about standards"],
)
def test_the_same_again_in_other_letters_holds(article, trusted, client_of, send, again: str):
    posted(trusted, article, "What about standards?")
    send(client_of(trusted), again)
    assert Comment.objects.filter(reason=HoldRule.DUPLICATE).count() == 1
    assert (
        "You have written the same before."
        in client_of(trusted).get(reverse("comments:mine")).content.decode()
    )


def test_the_same_elsewhere_holds_for_a_day(article, trusted):
    posted(trusted, article, "What about standards?")
    assert posted(trusted, make_article(), "What about standards?").reason == HoldRule.DUPLICATE
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert posted(trusted, make_article(), "What about standards?").state == State.VISIBLE


def test_others_may_say_the_same_and_so_may_who_has_removed_it(article, trusted, author):
    make_comment(article, author=author, body="Something else first.")
    posted(author, article, "Agreed.")
    comment = posted(trusted, article, "Agreed.")
    assert comment.state == State.VISIBLE
    services.remove_comment(user=trusted, comment_id=comment.pk)
    assert posted(trusted, article, "Agreed.").state == State.VISIBLE


# --- too fast ---


def test_the_sixth_comment_within_five_minutes_waits(article, trusted, client_of, send):
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
        in client.get(reverse("comments:mine")).content.decode()
    )


def test_after_thirty_comments_in_an_hour_the_next_is_not_taken(article, trusted, client_of, send, settings):
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
            assert "You have posted 3 comments within an hour. You can post again at 13:01;" in html
            assert ">\nOne more.</textarea>" in html
        clock.move_to(noon + timedelta(hours=1, seconds=30))
        assert send(client, "At the time that was named.").status_code == 302


def test_removing_ones_comments_gives_no_more_of_them(article, trusted, settings):
    settings.COMMENTS_IN_AN_HOUR = 1
    services.remove_comment(user=trusted, comment_id=posted(trusted, article, "One.").pk)
    with pytest.raises(services.RateLimited):
        posted(trusted, article, "Two.")


def test_the_same_submission_again_is_the_same_comment_however_fast(article, trusted, settings):
    settings.COMMENTS_IN_AN_HOUR = 1
    submission = uuid.uuid4()
    first = services.post_comment(user=trusted, article=article, body="One.", submission=submission)
    assert services.post_comment(user=trusted, article=article, body="One.", submission=submission) == first


# --- what the policy may not lose ---


def test_a_rule_is_named_before_that_the_author_is_new(article, reader):
    list_phrase("casino")
    assert posted(reader, article, "A casino.").reason == HoldRule.HELD_WORDS


def test_what_a_moderator_holds_again_stays_held_whatever_the_text_says(article, trusted):
    comment = posted(trusted, article, "A text.")
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="other")
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert SiteCommentSettings.objects.count() == 0, (
        "without a switch or a list there is no row, and nothing misses it"
    )

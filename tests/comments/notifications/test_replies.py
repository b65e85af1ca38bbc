"""Who hears by mail that they were answered, what the mail says, and how it is stopped."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Status
from comments import services
from comments.models import Ban, Comment, ThreadMute
from comments.notifications import replies as reply_notifications
from comments.policy import ModerationAction, State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail, MailState
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def comment(article, reader) -> Comment:
    """Of `reader`, visible."""
    return make_comment(article, author=reader)


@pytest.fixture
def letters() -> Callable[[], list[EmailMultiAlternatives]]:
    """What the notices that are queued say if they are sent now."""

    def write() -> list[EmailMultiAlternatives]:
        queued = Mail.objects.filter(purpose="comments/reply", state=MailState.QUEUED).order_by("pk")
        return [letter for letter in map(compose_message, queued) if letter]

    return write


def links_in(letter: EmailMultiAlternatives) -> list[str]:
    return re.findall(r"http://testserver(\S*/comments/\d+/)", letter.body)


def unsubscribe_path(letter: EmailMultiAlternatives) -> str:
    return re.fullmatch(r"<http://testserver(/\S+)>", letter.extra_headers["List-Unsubscribe"])[1]


def notices_to(*users: User) -> list[str]:
    return list(
        Mail.objects.filter(purpose="comments/reply", user__in=users)
        .order_by("pk")
        .values_list("recipient", flat=True)
    )


# --- who is told ---------------------------------------------------------------------------------------------------------------------


def test_a_visible_reply_is_told_to_whom_it_answers(article, comment, reader, letters):
    reply = make_comment(
        article,
        parent=comment,
        body="Secret words of the reply.",
        author=make_user(display_name="Somebody Known"),
    )

    (mail,) = Mail.objects.filter(purpose="comments/reply")
    assert (mail.user, mail.recipient, mail.language) == (reader, reader.email, "en")
    (letter,) = letters()
    assert letter.subject == "Somebody has replied to your comment on “Title of a-patent”"
    assert links_in(letter) == [f"/comments/{reply.pk}/"]
    html = letter.alternatives[0].content
    assert f'href="http://testserver/comments/{reply.pk}/"' in html
    for text in (letter.subject, letter.body, html):
        assert "Secret words" not in text
        assert "Somebody Known" not in text


def test_the_notice_is_in_the_language_of_its_reader(article, comment, reader, letters):
    reader.language = "zh-hans"
    reader.save()
    reply = make_comment(article, parent=comment)

    (letter,) = letters()
    assert letter.subject == "有人回复了您在《Title of a-patent》下的评论"
    assert links_in(letter) == [f"/zh-hans/comments/{reply.pk}/"]
    assert unsubscribe_path(letter).startswith("/zh-hans/comments/unsubscribe/")
    assert "Somebody" not in letter.body


def test_the_notice_names_the_article_in_the_language_of_its_reader(article, comment, reader, letters):
    make_article("yi-pian", title="一篇专利", language="zh-hans", translation_key=article.translation_key)
    User.objects.update(language="zh-hans")
    make_comment(article, parent=comment)

    (letter,) = letters()
    assert letter.subject == "有人回复了您在《一篇专利》下的评论"


def test_a_reply_to_a_reply_is_told_to_its_author_alone(article, comment, reader):
    second = make_user()
    reply = make_comment(article, parent=comment, author=second)
    make_comment(article, parent=reply)

    assert notices_to(reader, second) == [reader.email, second.email]


def test_a_first_comment_is_told_to_nobody(comment):
    assert not Mail.objects.filter(purpose="comments/reply").exists()


def test_answering_oneself_is_no_news(article, comment, reader):
    make_comment(article, parent=comment, author=reader)
    assert notices_to(reader) == []


@pytest.mark.parametrize("field", ["mail_replies", "is_active"])
def test_nobody_is_told_who_does_not_want_it_or_may_not_enter(article, comment, reader, field):
    User.objects.filter(pk=reader.pk).update(**{field: False})
    make_comment(article, parent=comment)
    assert notices_to(reader) == []


def test_an_address_that_is_not_proven_gets_nothing(article, comment, reader):
    reader.emailaddress_set.update(verified=False)
    make_comment(article, parent=comment)
    assert notices_to(reader) == []


def test_who_has_left_is_told_nothing(article, comment, reader):
    late = make_comment(article, parent=comment, state=State.PENDING)
    services.erase_comments(reader)
    decide_as_somebody(late, ModerationAction.APPROVE)

    assert not Mail.objects.filter(purpose="comments/reply").exists()


def test_who_has_withdrawn_the_comment_is_not_told(article, comment, reader):
    late = make_comment(article, parent=comment, state=State.PENDING)
    services.remove_comment(user=reader, comment_id=comment.pk)
    decide_as_somebody(late, ModerationAction.APPROVE)
    assert notices_to(reader) == []


# --- when ----------------------------------------------------------------------------------------------------------------------------


def test_a_held_reply_is_told_once_it_is_approved(article, comment, reader):
    reply = make_comment(article, parent=comment, state=State.PENDING)
    assert notices_to(reader) == []

    decide_as_somebody(reply, ModerationAction.APPROVE)
    assert notices_to(reader) == [reader.email]


def test_a_rejected_reply_is_not_told(article, comment, reader):
    make_comment(article, parent=comment, state=State.REJECTED)
    assert notices_to(reader) == []


def test_a_trusted_reply_is_told_at_once(article, comment, reader):
    trusted = make_comment(article).author
    make_comment(article, parent=comment, author=trusted, body="Another argument.")
    assert notices_to(reader) == [reader.email]


def test_a_reply_is_told_when_its_author_is_released(article, comment, reader, unverified):
    make_comment(article, author=unverified, state=State.UNVERIFIED)
    reply = make_comment(article, parent=comment, author=unverified, state=State.UNVERIFIED, body="A reply.")
    assert notices_to(reader) == []

    unverified.emailaddress_set.update(verified=True)
    services.release_comments(unverified)
    decide_as_somebody(reply, ModerationAction.APPROVE)
    assert notices_to(reader) == [reader.email]


def hand_over(letters) -> None:
    """As the worker does it: write what is queued, and record it as sent."""
    letters()
    Mail.objects.filter(state=MailState.QUEUED).update(state=MailState.SENT, sent_at=timezone.now())


def test_a_reply_that_comes_back_is_not_told_again(article, comment, reader, letters):
    reply = make_comment(article, parent=comment)
    hand_over(letters)
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    decide_as_somebody(reply, ModerationAction.UNDO)

    reply.refresh_from_db()
    assert reply.state == State.VISIBLE
    assert notices_to(reader) == [reader.email]


def test_a_reply_that_comes_back_before_any_mail_told_of_it_is_told(article, comment, reader, letters):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.REMOVE, reason="off_topic")
    hand_over(letters)
    decide_as_somebody(first, ModerationAction.UNDO)
    decide_as_somebody(second, ModerationAction.REMOVE, reason="off_topic")
    decide_as_somebody(second, ModerationAction.UNDO)

    (letter,) = letters()
    assert links_in(letter) == [f"/comments/{first.pk}/"]


def test_a_notice_that_was_cancelled_comes_again_with_its_reply(article, comment, reader, letters):
    reply = make_comment(article, parent=comment)
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    assert letters() == []
    Mail.objects.update(state=MailState.CANCELLED)
    decide_as_somebody(reply, ModerationAction.UNDO)

    (letter,) = letters()
    assert links_in(letter) == [f"/comments/{reply.pk}/"]


def test_a_mail_that_waits_takes_in_an_older_reply_that_comes_back(article, comment, reader, letters):
    first = make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.REMOVE, reason="off_topic")
    Mail.objects.update(state=MailState.CANCELLED)
    second = make_comment(article, parent=comment)
    decide_as_somebody(first, ModerationAction.UNDO)

    (letter,) = letters()
    assert links_in(letter) == [f"/comments/{first.pk}/", f"/comments/{second.pk}/"]


def test_what_comes_back_after_long_is_no_news(article, comment, reader, time_machine):
    reply = make_comment(article, parent=comment)
    decide_as_somebody(reply, ModerationAction.REMOVE, reason="off_topic")
    Mail.objects.all().delete()
    time_machine.move_to(timezone.now() + timedelta(days=8))
    decide_as_somebody(reply, ModerationAction.UNDO)
    assert notices_to(reader) == []


def test_a_reply_that_is_not_written_is_not_told(article, comment, reader, monkeypatch):
    trusted = make_comment(article).author

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Comment, "insert", fail)
    with pytest.raises(RuntimeError):
        make_comment(article, parent=comment, author=trusted, body="Another argument.")
    assert notices_to(reader) == []


# --- several at once -----------------------------------------------------------------------------------------------------------------


def test_replies_in_one_thread_share_the_mail_that_waits(article, comment, letters):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)

    (letter,) = letters()
    assert letter.subject == "You have 2 replies on “Title of a-patent”"
    assert links_in(letter) == [f"/comments/{first.pk}/", f"/comments/{second.pk}/"]
    assert f"http://testserver/comments/{second.pk}/" in letter.alternatives[0].content


def test_a_burst_is_one_mail_and_the_next_waits_longer(article, comment, reader, letters, time_machine):
    """The worker sends what is due: the first replies within three minutes, what comes then half an hour later."""
    time_machine.move_to(timezone.now(), tick=False)
    began = timezone.now()
    make_comment(article, parent=comment)
    assert not Mail.objects.due().filter(purpose="comments/reply").exists()
    time_machine.shift(timedelta(minutes=2))
    make_comment(article, parent=comment)
    assert Mail.objects.get(purpose="comments/reply").next_try_at == began + timedelta(minutes=3)
    time_machine.shift(timedelta(minutes=1))
    hand_over(letters)
    make_comment(article, parent=comment)
    (mail,) = Mail.objects.filter(purpose="comments/reply", state=MailState.QUEUED)
    assert mail.next_try_at == began + timedelta(minutes=33)


def test_a_mail_that_takes_another_reply_in_lives_on(article, comment, time_machine):
    time_machine.move_to(timezone.now())
    make_comment(article, parent=comment)
    time_machine.shift(timedelta(days=2))
    make_comment(article, parent=comment)

    assert Mail.objects.get(purpose="comments/reply").expires_at > timezone.now() + timedelta(days=2)


def test_the_next_mail_tells_only_what_came_since(article, comment, letters):
    make_comment(article, parent=comment)
    Mail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    second = make_comment(article, parent=comment)

    (letter,) = letters()
    assert links_in(letter) == [f"/comments/{second.pk}/"]


def test_replies_in_another_thread_have_a_mail_of_their_own(article, comment, reader, letters):
    other = make_comment(article, author=reader, body="Another argument.")
    replies = [make_comment(article, parent=comment), make_comment(article, parent=other)]

    assert [links_in(letter) for letter in letters()] == [[f"/comments/{reply.pk}/"] for reply in replies]


def test_what_answers_others_in_the_thread_is_not_in_the_mail(article, comment, reader, letters):
    reply = make_comment(article, parent=comment)
    make_comment(article, parent=reply, author=reader)
    make_comment(article, parent=reply)

    letter = next(letter for letter in letters() if letter.to == [reader.email])
    assert links_in(letter) == [f"/comments/{reply.pk}/"]


# --- what has changed when it is sent ------------------------------------------------------------------------------------------------


def withdraw_reply(reply: Comment, reader: User) -> None:
    services.remove_comment(user=reply.author, comment_id=reply.pk)


def withdraw_comment(reply: Comment, reader: User) -> None:
    services.remove_comment(user=reader, comment_id=reply.parent_id)


def opt_out(reply: Comment, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(mail_replies=False)


def mute(reply: Comment, reader: User) -> None:
    ThreadMute.objects.create(user=reader, thread=reply.parent)


def deactivate(reply: Comment, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_active=False)


def change_address(reply: Comment, reader: User) -> None:
    reader.emailaddress_set.update(email="another@example.org")


def lose_proof(reply: Comment, reader: User) -> None:
    reader.emailaddress_set.update(verified=False)


def ban(reply: Comment, reader: User) -> None:
    Ban.objects.create(user=reader, why="test")


def unpublish(reply: Comment, reader: User) -> None:
    with public_write(reply.article):
        Article.objects.filter(pk=reply.article_id).update(status=Status.DRAFT)


WHAT_HAPPENS = [
    withdraw_reply,
    withdraw_comment,
    opt_out,
    mute,
    deactivate,
    change_address,
    lose_proof,
    ban,
    unpublish,
]


@pytest.mark.parametrize("happens", WHAT_HAPPENS)
def test_what_is_no_longer_true_or_wanted_is_not_sent(article, comment, reader, letters, happens):
    reply = make_comment(article, parent=comment)
    assert len(letters()) == 1

    happens(reply, reader)

    assert letters() == []


def test_a_reply_withdrawn_meanwhile_is_not_counted(article, comment, letters):
    first, second = make_comment(article, parent=comment), make_comment(article, parent=comment)
    services.remove_comment(user=first.author, comment_id=first.pk)

    (letter,) = letters()
    assert links_in(letter) == [f"/comments/{second.pk}/"]


# --- no more of them -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(article, comment, letters) -> str:
    """Of the link that stops the mails."""
    make_comment(article, parent=comment)
    (letter,) = letters()
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"http://testserver{unsubscribe_path(letter)}" in letter.body
    Mail.objects.all().delete()
    return unsubscribe_path(letter)


def test_one_click_in_a_mail_program_ends_all_notices(path, article, comment, reader):
    """As it comes from a mail provider: no cookie, no token, no Referer, CSRF checked."""
    response = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert "no more mails about replies to your comments" in response.content.decode()
    make_comment(article, parent=comment)
    assert notices_to(reader) == []


def test_looking_at_the_page_ends_nothing(path, stranger, reader):
    page = stranger.get(path)

    assert (page.status_code, page.headers["Cache-Control"]) == (200, "private, no-store")
    assert page.content.decode().count('name="from"') == 2
    reader.refresh_from_db()
    assert (reader.mail_replies, ThreadMute.objects.count()) == (True, 0)


def test_the_button_for_all_ends_all(path, stranger, reader):
    assert stranger.post(path, {"from": "all"}).status_code == 200
    reader.refresh_from_db()
    assert reader.mail_replies is False


def test_the_button_for_the_thread_ends_those_about_the_thread(path, stranger, article, comment, reader):
    for _twice in range(2):
        assert "in this thread" in stranger.post(path, {"from": "thread"}).content.decode()
    make_comment(article, parent=comment)
    assert notices_to(reader) == []

    make_comment(article, parent=make_comment(article, author=reader, body="Another argument."))
    assert notices_to(reader) == [reader.email]


def test_the_link_works_whoever_is_signed_in_and_for_its_reader_alone(path, client_of, reader):
    other = make_user()
    client_of(other).post(path, {"from": "all"})

    reader.refresh_from_db()
    other.refresh_from_db()
    assert (reader.mail_replies, other.mail_replies) == (False, True)


def test_a_post_that_says_nothing_ends_nothing(path, stranger, reader):
    assert stranger.post(path).status_code == 400
    reader.refresh_from_db()
    assert (reader.mail_replies, ThreadMute.objects.count()) == (True, 0)


def test_an_altered_link_leads_nowhere(path, stranger, reader):
    key = path.split("/")[-2]
    forged = [
        f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}",
        signing.dumps([reader.pk, 1], salt="other"),
        "nothing",
    ]
    for wrong in forged:
        for answer in (
            stranger.get(path.replace(key, wrong)),
            stranger.post(path.replace(key, wrong), {"List-Unsubscribe": "One-Click"}),
        ):
            assert answer.status_code == 404
    reader.refresh_from_db()
    assert reader.mail_replies is True


def test_the_link_of_who_has_left_leads_nowhere(path, stranger, reader):
    with public_write():
        services.erase_comments(reader)
        reader.delete()
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 404


def test_takeout_names_the_threads_without_mails(reader, comment, client_of):
    ThreadMute.objects.create(user=reader, thread=comment)
    told = json.loads(client_of(reader).get("/accounts/me/data/").getvalue())
    assert [section["thread_id"] for section in told["threads without mails"]] == [comment.pk]
    assert reply_notifications.wants_reply_mails(reader, comment.pk) is False

"""“My comments”: each in its state with what may be done, texts that wait, threads without mails, by state and by page."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from comments import services
from comments.models import CommentDraft, ThreadMute
from comments.policy import ModerationAction, State
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

MINE = "/comments/mine/"


def main_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode().split('<main id="main"')[1].split("</main>")[0]


@pytest.fixture
def mine(client_of, reader):
    """`mine(state="pending")`: what the page says."""
    client = client_of(reader)
    return lambda **query: main_of(client.get(MINE, query))


def numbers_in(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="comment-(\d+)"', html)]


# --- what may be done ---


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.PENDING, ["edit", "remove"]),
        (State.VISIBLE, ["", "edit", "remove"]),
        (State.REJECTED, ["mend", "appeal", "remove"]),
        (State.REMOVED, []),
    ],
)
def test_a_comment_offers_what_may_be_done_with_it(article, reader, mine, state, offered):
    comment = make_comment(article, author=reader, state=state)
    html = mine().split("comment-time")[1]
    links = re.findall(rf'href="/comments/{comment.pk}/(?:(\w+)/)?"', html)
    assert sorted(set(links[1:] if state != State.VISIBLE else links)) == sorted(offered)


def test_an_unverified_comment_may_be_changed_and_removed(article, unverified, client_of):
    comment = make_comment(article, author=unverified, state=State.UNVERIFIED)
    html = main_of(client_of(unverified).get(MINE))
    assert f'href="/comments/{comment.pk}/edit/"' in html
    assert f'href="/comments/{comment.pk}/remove/"' in html


def test_the_time_that_is_left_for_changing_is_said(article, reader, mine):
    comment = make_comment(article, author=reader)
    until = timezone.localtime(comment.created_at + timedelta(minutes=15)).strftime("%H:%M")
    for minutes, left in ((0.1, "15 more minutes"), (13.5, "2 more minutes"), (14.5, "1 more minute")):
        with time_machine.travel(comment.created_at + timedelta(minutes=minutes), tick=False):
            assert f"It can be changed for {left}, until {until}." in mine()
    with time_machine.travel(comment.created_at + timedelta(minutes=15), tick=False):
        assert "It can be changed" not in mine()


def test_a_reply_shows_what_it_answers_while_everybody_may_read_that(article, reader, mine):
    thread = make_comment(
        article, body="Words of the thread.", author=make_user(display_name="Somebody Named")
    )
    make_comment(article, author=reader, parent=thread)
    html = mine()
    assert "Words of the thread." in html
    assert "Somebody Named" in html
    decide_as_somebody(thread, ModerationAction.REMOVE)
    html = mine()
    assert "Words of the thread." not in html
    assert "Somebody Named" not in html
    assert "no longer shown" in html


def test_what_is_removed_says_by_whom_and_keeps_its_text(article, reader, mine):
    services.remove_comment(
        user=reader, comment_id=make_comment(article, author=reader, body="Regretted.").pk
    )
    assert "Removed by its author. Only you see the text." in " ".join(mine().split())
    decide_as_somebody(make_comment(article, author=reader, body="Not regretted."), ModerationAction.REMOVE)
    html = " ".join(mine().split())
    assert "Removed by a moderator. Only you see the text." in html
    assert "Not regretted." in html


def test_an_appeal_shows_the_note_to_its_author(article, reader, mine):
    comment = make_comment(article, author=reader, state=State.REJECTED)
    services.appeal(user=reader, comment_id=comment.pk, note="It <does> say so.")
    html = mine()
    assert "You have appealed." in html
    assert "It &lt;does&gt; say so." in html


# --- by state, by page ---


def test_the_page_counts_and_filters_by_state(article, reader, mine):
    visible = make_comment(article, author=reader)
    removed = make_comment(article, author=reader, body="Regretted.")
    services.remove_comment(user=reader, comment_id=removed.pk)
    html = mine()
    assert numbers_in(html) == [removed.pk, visible.pk]
    choices = re.findall(
        r'<a href="([^"]*)"( aria-current="page")?>([^<&]*)&nbsp;<span class="number">(\d+)', html
    )
    assert choices == [
        (MINE, ' aria-current="page"', "All", "2"),
        (f"{MINE}?state=visible", "", "Visible", "1"),
        (f"{MINE}?state=removed", "", "Removed", "1"),
    ]
    html = mine(state="removed")
    assert numbers_in(html) == [removed.pk]
    assert f'{MINE}?state=removed" aria-current="page"' in html


def test_a_state_has_one_name_on_the_page(article, reader, mine):
    make_comment(article, author=reader, state=State.REJECTED)
    html = mine()
    assert re.findall(r'<a href="[^"]*state=rejected">([^<&]*)&nbsp;', html) == ["Turned down"]
    assert re.findall(r'<span class="tag[^"]*">([^<]*)</span>', html) == ["Turned down"]


def test_a_state_without_comments_says_so(article, reader, mine):
    make_comment(article, author=reader)
    assert "None of your comments is in this state." in mine(state="pending")
    assert len(numbers_in(mine(state="<nonsense>"))) == 1


def test_fifty_stand_on_a_page_and_the_next_keeps_the_state(article, reader, mine, monkeypatch):
    monkeypatch.setattr("comments.views.my_comments.MY_COMMENTS_PER_PAGE", 2)
    made = [make_comment(article, author=reader, body=f"Text {number}.").pk for number in range(3)]
    html = mine(state="visible")
    assert numbers_in(html) == made[:0:-1]
    assert 'href="?page=2&amp;state=visible" rel="next"' in html
    html = mine(state="visible", page="2")
    assert numbers_in(html) == made[:1]
    assert 'href="?page=1&amp;state=visible" rel="prev"' in html


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_takes_as_many_queries_with_many(client_of, reader, django_assert_num_queries, number):
    for _number in range(number):
        thread = make_comment(make_article())
        make_comment(thread.article, author=reader, parent=thread, body=f"Text {_number}.")
        ThreadMute.objects.create(user=reader, thread=thread)
    client = client_of(reader)
    client.get(MINE)
    with django_assert_num_queries(9) as asked:
        client.get(MINE)
    assert not [
        query["sql"] for query in asked.captured_queries if '"articles_article"."body"' in query["sql"]
    ]


# --- threads without mails ---


def test_of_many_threads_without_mails_the_last_are_shown(client_of, reader, monkeypatch):
    monkeypatch.setattr("comments.views.my_comments.MAX_MUTES_SHOWN", 2)
    threads = [make_comment(make_article()) for _number in range(3)]
    for thread in threads:
        ThreadMute.objects.create(user=reader, thread=thread)
    page = client_of(reader).get(MINE).content.decode()
    assert [f"/comments/{thread.pk}/unmute/" in page for thread in threads] == [False, True, True]
    assert "No more than 2 threads are shown here, those you chose last." in page


def test_a_muted_thread_is_listed_and_unmuted(article, reader, client_of):
    thread = make_comment(article, body="A thread to hear no more of.")
    ThreadMute.objects.create(user=reader, thread=thread)
    client = client_of(reader)
    html = main_of(client.get(MINE))
    assert "A thread to hear no more of." in html
    assert f'action="/comments/{thread.pk}/unmute/"' in html
    for _twice in range(2):
        assert client.post(f"/comments/{thread.pk}/unmute/")["Location"] == MINE
    assert not ThreadMute.objects.exists()
    html = client.get(MINE).content.decode()
    assert "You get mails about replies in this thread again." in html
    assert "A thread to hear no more of." not in html


def test_a_muted_thread_that_was_removed_shows_no_text(article, reader, mine):
    thread = make_comment(article, body="Taken out.", author=make_user(display_name="Somebody Named"))
    ThreadMute.objects.create(user=reader, thread=thread)
    decide_as_somebody(thread, ModerationAction.REMOVE, reason="off_topic")
    html = mine()
    assert f"/comments/{thread.pk}/unmute/" in html
    assert "Taken out." not in html
    assert "Somebody Named" not in html


def test_only_ones_own_threads_are_unmuted(article, reader, client_of, stranger):
    thread = make_comment(article)
    ThreadMute.objects.create(user=reader, thread=thread)
    url = f"/comments/{thread.pk}/unmute/"
    client_of(make_user()).post(url)
    assert stranger.post(url)["Location"].startswith("/accounts/login/")
    assert client_of(reader).get(url).status_code == 405
    assert ThreadMute.objects.exists()


# --- texts that wait ---


def test_a_waiting_text_is_discarded(stranger, send):
    send(stranger, "Wait for me.")
    html = main_of(stranger.get(MINE))
    (url,) = re.findall(r'action="(/comments/waiting/[^"]+/discard/)"', html)
    Client().post(url)
    assert CommentDraft.objects.exists()
    assert stranger.get(url).status_code == 405
    assert stranger.post(url)["Location"] == MINE
    assert not CommentDraft.objects.exists()

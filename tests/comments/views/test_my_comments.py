"""“My comments”: the actions on each comment, filters and pages, muted threads and drafts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from comments import services
from comments.models import CommentDraft, ThreadMute
from comments.policy import ModerationAction, State
from tests.comments.discussion_pages import comment_ids
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

URL = "/comments/mine/"


def main_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode().split('<main id="main"')[1].split("</main>")[0]


@pytest.fixture
def main_html(client_of, reader):
    """`main_html(state="pending")` is the HTML of the page with that query string."""
    client = client_of(reader)
    return lambda **query: main_of(client.get(URL, query))


# --- actions ---


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (State.PENDING, ["edit", "remove"]),
        (State.VISIBLE, ["", "edit", "remove"]),
        (State.REJECTED, ["mend", "appeal", "remove"]),
        (State.REMOVED, []),
    ],
)
def test_comment_has_the_actions_of_its_state(article, reader, main_html, state, actions):
    comment = make_comment(article, author=reader, state=state)
    html = main_html().split("comment-time")[1]
    links = re.findall(rf'href="/comments/{comment.pk}/(?:(\w+)/)?"', html)
    assert sorted(set(links[1:] if state != State.VISIBLE else links)) == sorted(actions)


def test_unverified_comment_can_be_edited_and_removed(article, unverified, client_of):
    comment = make_comment(article, author=unverified, state=State.UNVERIFIED)
    html = main_of(client_of(unverified).get(URL))
    assert f'href="/comments/{comment.pk}/edit/"' in html
    assert f'href="/comments/{comment.pk}/remove/"' in html


def test_remaining_edit_time_is_shown(article, reader, main_html):
    comment = make_comment(article, author=reader)
    until = timezone.localtime(comment.created_at + timedelta(minutes=15)).strftime("%H:%M")
    for minutes, time_left in ((0.1, "15 more minutes"), (13.5, "2 more minutes"), (14.5, "1 more minute")):
        with time_machine.travel(comment.created_at + timedelta(minutes=minutes), tick=False):
            assert f"It can be changed for {time_left}, until {until}." in main_html()
    with time_machine.travel(comment.created_at + timedelta(minutes=15), tick=False):
        assert "It can be changed" not in main_html()


def test_reply_quotes_its_parent_while_that_is_visible(article, reader, main_html):
    thread = make_comment(
        article, body="Words of the thread.", author=make_user(display_name="Somebody Named")
    )
    make_comment(article, author=reader, parent=thread)
    html = main_html()
    assert "Words of the thread." in html
    assert "Somebody Named" in html
    decide_as_somebody(thread, ModerationAction.REMOVE)
    html = main_html()
    assert "Words of the thread." not in html
    assert "Somebody Named" not in html
    assert "no longer shown" in html


def test_removed_comment_shows_who_removed_it_and_its_text(article, reader, main_html):
    services.remove_comment(
        user=reader, comment_id=make_comment(article, author=reader, body="Regretted.").pk
    )
    assert "Removed by its author. Only you see the text." in " ".join(main_html().split())
    decide_as_somebody(make_comment(article, author=reader, body="Not regretted."), ModerationAction.REMOVE)
    html = " ".join(main_html().split())
    assert "Removed by a moderator. Only you see the text." in html
    assert "Not regretted." in html


def test_appeal_shows_its_note(article, reader, main_html):
    comment = make_comment(article, author=reader, state=State.REJECTED)
    services.appeal(user=reader, comment_id=comment.pk, note="It <does> say so.")
    html = main_html()
    assert "You have appealed." in html
    assert "It &lt;does&gt; say so." in html


# --- filters and pages ---


def test_page_counts_and_filters_by_state(article, reader, main_html):
    visible = make_comment(article, author=reader)
    removed = make_comment(article, author=reader, body="Regretted.")
    services.remove_comment(user=reader, comment_id=removed.pk)
    html = main_html()
    assert comment_ids(html) == [removed.pk, visible.pk]
    choices = re.findall(
        r'<a href="([^"]*)"( aria-current="page")?>([^<&]*)&nbsp;<span class="number">(\d+)', html
    )
    assert choices == [
        (URL, ' aria-current="page"', "All", "2"),
        (f"{URL}?state=visible", "", "Visible", "1"),
        (f"{URL}?state=removed", "", "Removed", "1"),
    ]
    html = main_html(state="removed")
    assert comment_ids(html) == [removed.pk]
    assert f'{URL}?state=removed" aria-current="page"' in html


def test_state_has_one_label_on_the_page(article, reader, main_html):
    make_comment(article, author=reader, state=State.REJECTED)
    html = main_html()
    assert re.findall(r'<a href="[^"]*state=rejected">([^<&]*)&nbsp;', html) == ["Turned down"]
    assert re.findall(r'<span class="tag[^"]*">([^<]*)</span>', html) == ["Turned down"]


def test_state_without_comments_shows_a_message(article, reader, main_html):
    make_comment(article, author=reader)
    assert "None of your comments is in this state." in main_html(state="pending")
    assert len(comment_ids(main_html(state="<nonsense>"))) == 1


def test_page_links_preserve_the_state(article, reader, main_html, monkeypatch):
    monkeypatch.setattr("comments.views.my_comments.MY_COMMENTS_PER_PAGE", 2)
    ids = [make_comment(article, author=reader, body=f"Text {number}.").pk for number in range(3)]
    html = main_html(state="visible")
    assert comment_ids(html) == ids[:0:-1]
    assert 'href="?page=2&amp;state=visible" rel="next"' in html
    html = main_html(state="visible", page="2")
    assert comment_ids(html) == ids[:1]
    assert 'href="?page=1&amp;state=visible" rel="prev"' in html


@pytest.mark.parametrize("number", [1, 30])
def test_query_count_does_not_depend_on_the_number_of_comments(
    client_of, reader, django_assert_num_queries, number
):
    for _number in range(number):
        thread = make_comment(make_article())
        make_comment(thread.article, author=reader, parent=thread, body=f"Text {_number}.")
        ThreadMute.objects.create(user=reader, thread=thread)
    client = client_of(reader)
    client.get(URL)
    with django_assert_num_queries(11) as queries:
        client.get(URL)
    assert not [
        query["sql"] for query in queries.captured_queries if '"articles_article"."body"' in query["sql"]
    ]


# --- muted threads ---


def test_only_the_newest_mutes_are_shown(client_of, reader, monkeypatch):
    monkeypatch.setattr("comments.views.my_comments.MAX_MUTES_SHOWN", 2)
    threads = [make_comment(make_article()) for _number in range(3)]
    for thread in threads:
        ThreadMute.objects.create(user=reader, thread=thread)
    page = client_of(reader).get(URL).content.decode()
    assert [f"/comments/{thread.pk}/unmute/" in page for thread in threads] == [False, True, True]
    assert "No more than 2 threads are shown here, those you chose last." in page


def test_muted_thread_is_listed_and_unmuted(article, reader, client_of):
    thread = make_comment(article, body="A thread to hear no more of.")
    ThreadMute.objects.create(user=reader, thread=thread)
    client = client_of(reader)
    html = main_of(client.get(URL))
    assert "A thread to hear no more of." in html
    assert f'action="/comments/{thread.pk}/unmute/"' in html
    for _time in range(2):
        assert client.post(f"/comments/{thread.pk}/unmute/")["Location"] == URL
    assert not ThreadMute.objects.exists()
    html = client.get(URL).content.decode()
    assert "You get mails about replies in this thread again." in html
    assert "A thread to hear no more of." not in html


def test_muted_thread_that_was_removed_shows_no_text(article, reader, main_html):
    thread = make_comment(article, body="Taken out.", author=make_user(display_name="Somebody Named"))
    ThreadMute.objects.create(user=reader, thread=thread)
    decide_as_somebody(thread, ModerationAction.REMOVE, reason="off_topic")
    html = main_html()
    assert f"/comments/{thread.pk}/unmute/" in html
    assert "Taken out." not in html
    assert "Somebody Named" not in html


def test_mutes_of_others_cannot_be_ended(article, reader, client_of, stranger):
    thread = make_comment(article)
    ThreadMute.objects.create(user=reader, thread=thread)
    url = f"/comments/{thread.pk}/unmute/"
    client_of(make_user()).post(url)
    assert stranger.post(url)["Location"].startswith("/accounts/login/")
    assert client_of(reader).get(url).status_code == 405
    assert ThreadMute.objects.exists()


# --- drafts ---


def test_draft_is_discarded(stranger, send):
    send(stranger, "Wait for me.")
    html = main_of(stranger.get(URL))
    (url,) = re.findall(r'action="(/comments/waiting/[^"]+/discard/)"', html)
    Client().post(url)
    assert CommentDraft.objects.exists()
    assert stranger.get(url).status_code == 405
    assert stranger.post(url)["Location"] == URL
    assert not CommentDraft.objects.exists()


def test_reports_are_listed_with_what_was_decided(article, client_of, reader, moderator):
    stays, goes, waits, withdrawn = (make_comment(article) for _number in range(4))
    for comment in (stays, goes, waits, withdrawn):
        services.report_comment(
            user=reader, comment_id=comment.pk, reason="unlawful", note="See the phone number."
        )
    services.decide(moderator=moderator, comment_id=stays.pk, action="approve")
    services.decide(moderator=moderator, comment_id=goes.pk, action="remove")
    services.remove_comment(user=withdrawn.author, comment_id=withdrawn.pk)
    page = client_of(reader).get("/comments/mine/").content.decode()
    section = page.split('id="reports"')[1].split("</ul>")[0]
    assert re.findall("<strong>(.*?)</strong>", section) == [
        "Removed by its author.",
        "A moderator will look at it.",
        "A moderator has read your report: the comment is no longer shown.",
        "A moderator has read your report: the comment stays.",
    ]
    assert section.count("See the phone number.") == 4

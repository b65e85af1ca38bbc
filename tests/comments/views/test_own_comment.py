import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.services import unpublish
from comments import account_hooks, services
from comments.models import Comment, Report
from comments.policy import ModerationAction, RemovedBy, ReportReason, State
from ictiger.pagecache.public_write import public_write
from tests.comments.conftest import FRAGMENT
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


# --- my comments ---


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.PENDING, "A moderator reads everyone’s first comment."),
        (State.REJECTED, "It is not about the article or the comment it replies to."),
    ],
)
def test_my_comments_show_state_reason_and_text(article, client_of, reader, state, says):
    comment = make_comment(article, author=reader, state=state, body="My own words.")
    html = html_of(client_of(reader).get("/comments/mine/"))
    part = html[html.index(f'id="comment-{comment.pk}" data-state="{state}"') :].split("</article>")[0]
    assert says in part
    assert "My own words." in part


def test_an_unverified_comment_says_that_it_waits_for_the_mailbox(article, client_of, unverified):
    make_comment(article, author=unverified, state=State.UNVERIFIED)
    html = html_of(client_of(unverified).get("/comments/mine/"))
    assert 'data-state="unverified"' in html
    assert "waits for your e-mail address to be confirmed" in html


def test_the_moderators_own_words_reach_the_author(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear", note="Which <claim>?")
    html = html_of(client_of(reader).get("/comments/mine/"))
    assert '<q class="comment-note" lang="en">Which &lt;claim&gt;?</q>' in html
    assert "We could not make out what it says." not in html  # said in other words


@pytest.mark.parametrize(("language", "told"), [("en", "It advertises."), ("zh-hans", "内容属于广告。")])
def test_the_reason_reaches_the_author_in_their_language(article, client_of, language, told):
    author = make_user(language=language)
    comment = make_comment(article, author=author, state=State.PENDING)
    decide_as_somebody(comment, ModerationAction.REJECT, reason="advertising")
    tag = "zh-Hans" if language == "zh-hans" else "en"
    assert f'<q class="comment-note" lang="{tag}">{told}</q>' in html_of(
        client_of(author).get("/comments/mine/")
    )
    assert [
        row["words from the moderator"]
        for row in json.loads(client_of(author).get("/accounts/me/data/").getvalue())["comments"]
    ] == [told]


def test_who_wrote_what_a_moderator_removed_reads_why_and_that_this_is_final(article, client_of, reader):
    removed = make_comment(article, author=reader)
    decide_as_somebody(removed, ModerationAction.REMOVE, reason="advertising")
    html = html_of(client_of(reader).get("/comments/mine/"))
    for part in (
        "Removed by a moderator.",
        "Only you see the text.",
        "It advertises.",
        "This cannot be appealed.",
    ):
        assert part in html
    decide_as_somebody(removed, ModerationAction.UNDO)
    services.remove_comment(user=reader, comment_id=removed.pk)
    assert "This cannot be appealed." not in html_of(client_of(reader).get("/comments/mine/"))


def test_a_visible_comment_has_no_state_to_tell(article, client_of, reader):
    make_comment(article, author=reader)
    assert "data-state" not in html_of(client_of(reader).get("/comments/mine/")).split('<main id="main"')[1]


def test_ones_own_texts_stay_and_the_new_title_of_their_article_does_not_leak(article, client_of, unverified):
    """It was taken back, and will come again under a title that nobody is to know yet."""
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="My own words.")
    client = client_of(unverified)
    assert article.title in html_of(client.get("/comments/mine/"))

    unpublish(article)
    with public_write(article):
        article.title = "The secret title"
        article.save()

    page = html_of(client.get("/comments/mine/"))
    takeout = client.get("/accounts/me/data/").getvalue().decode()
    note = account_hooks.comments_to_be_published(unverified, at_once=True)
    for text in (page, takeout, note):
        assert "My own words." in text
        assert "secret" not in text
    assert "An article that is not published now" in page


def test_my_comments_are_mine_alone(article, client_of, reader):
    make_comment(article, body="Somebody else's.")
    assert "Somebody else" not in html_of(client_of(reader).get("/comments/mine/"))


@pytest.mark.parametrize("page", ["0", "-1", "x", "1000000000"])
def test_pages_of_my_comments_that_are_none_show_one_that_is(article, client_of, reader, page):
    make_comment(article, author=reader)
    assert client_of(reader).get("/comments/mine/", {"page": page}).status_code == 200


# --- the fragment ---


def test_the_fragment_holds_the_bar_and_what_only_its_reader_sees(article, client_of, reader):
    waiting = make_comment(article, author=reader, state=State.PENDING, body="Not yet for others.")
    html = html_of(client_of(reader).get(f"/me/discussion/{article.pk}/"))
    assert 'class="account"' in html
    assert 'data-slot="comments-own"' in html
    assert f'id="comment-{waiting.pk}" data-state="pending"' in html
    assert "Not yet for others." in html
    assert "<html" not in html


def test_the_fragment_tells_once_what_became_of_a_report(article, client_of, reader):
    comment, client = make_comment(article), client_of(reader)
    client.post(f"/comments/{comment.pk}/report/", {"reason": "advertising"})
    html = html_of(client.get(f"/me/discussion/{article.pk}/"))
    assert 'data-slot="messages"' in html
    assert "Thank you. A moderator will look at it." in html
    assert 'data-slot="messages"' not in html_of(client.get(f"/me/discussion/{article.pk}/"))


def test_the_fragment_says_where_a_reply_belongs(article, client_of, reader):
    thread = make_comment(article)
    reply = make_comment(article, author=reader, parent=thread, state=State.PENDING)
    assert f'data-own="{reply.pk}" data-thread="{thread.pk}"' in html_of(
        client_of(reader).get(f"/me/discussion/{article.pk}/")
    )


def test_the_fragment_offers_what_may_be_done_with_ones_visible_comments(article, client_of, reader):
    comment = make_comment(article, author=reader)
    url = f"/me/discussion/{article.pk}/"
    html = html_of(client_of(reader).get(url))
    assert f'data-own-visible="{comment.pk}"' in html
    assert f'href="/comments/{comment.pk}/edit/"' in html
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        html = html_of(client_of(reader).get(url))
    assert f'href="/comments/{comment.pk}/edit/"' not in html
    assert f'href="/comments/{comment.pk}/remove/"' in html


def test_the_fragment_is_of_this_discussion_in_either_language(article, client_of, reader):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    here = make_comment(chinese, author=reader, state=State.PENDING)
    elsewhere = make_comment(make_article(), author=reader, state=State.PENDING)
    html = html_of(client_of(reader).get(f"/me/discussion/{article.pk}/"))
    assert f"comment-{here.pk}" in html
    assert f"comment-{elsewhere.pk}" not in html


def test_the_fragment_is_kept_by_nobody(article, client_of, reader, stranger):
    for client in (client_of(reader), stranger):
        response = client.get(f"/me/discussion/{article.pk}/")
        assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}


@pytest.mark.parametrize("article_id", [0, 999999, 2**70])
def test_the_fragment_of_an_unknown_article_is_the_bar(client_of, reader, article_id):
    html = html_of(client_of(reader).get(f"/me/discussion/{article_id}/"))
    assert 'class="account"' in html


@pytest.mark.parametrize("number", [1, 30])
def test_the_fragment_takes_two_queries(article, client_of, reader, django_assert_num_queries, number):
    for _number in range(number):
        make_comment(article, author=reader, body=f"Text {_number}.")
    client = client_of(reader)
    client.get("/")
    with django_assert_num_queries(2):
        client.get(f"/me/discussion/{article.pk}/")


# --- editing ---


def test_an_author_edits_a_comment(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING, body="As it was.")
    client, url = client_of(reader), f"/comments/{comment.pk}/edit/"
    assert ">\nAs it was.</textarea>" in html_of(client.get(url))
    assert client.post(url, {"body": "Better put."})["Location"] == f"/comments/{comment.pk}/"
    comment.refresh_from_db()
    assert (comment.body, comment.revision) == ("Better put.", 1)


def test_a_script_is_told_how_many_there_are_when_an_edit_is_held(article, client_of, reader):
    comment = make_comment(article, author=reader)
    answer = (
        client_of(reader)
        .post(f"/comments/{comment.pk}/edit/", {"body": "Better put."}, headers=FRAGMENT)
        .content.decode()
    )
    assert 'data-state="pending"' in answer
    assert "0 comments" in answer


def test_a_script_gets_the_edited_comment(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    response = client_of(reader).post(
        f"/comments/{comment.pk}/edit/", {"body": "Better put."}, headers=FRAGMENT
    )
    assert (response.status_code, "Better put." in response.content.decode()) == (201, True)


@pytest.mark.parametrize("text", ["字" * 141, "", "a" * 2001])
def test_an_edit_that_does_not_fit_comes_back(article, client_of, reader, text):
    comment = make_comment(article, author=reader)
    response = client_of(reader).post(f"/comments/{comment.pk}/edit/", {"body": text})
    assert (response.status_code, f">\n{text}</textarea>" in response.content.decode()) == (422, True)


def test_the_edit_of_a_reply_has_a_replys_limit(article, client_of, reader):
    reply = make_comment(article, author=reader, parent=make_comment(article))
    client, url = client_of(reader), f"/comments/{reply.pk}/edit/"
    assert 'data-limit="70"' in html_of(client.get(url))
    assert client.post(url, {"body": "字" * 71}).status_code == 422


def test_an_edit_that_comes_too_late_comes_back(article, client_of, reader):
    comment = make_comment(article, author=reader)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        response = client_of(reader).post(f"/comments/{comment.pk}/edit/", {"body": "Better put."})
    assert (response.status_code, ">\nBetter put.</textarea>" in response.content.decode()) == (422, True)


def test_an_edit_after_the_session_has_ended_comes_back(article, stranger, reader):
    comment = make_comment(article, author=reader, state=State.PENDING, body="Unseen by others.")
    response = stranger.post(f"/comments/{comment.pk}/edit/", {"body": "Better put."})
    html = response.content.decode()
    assert (response.status_code, ">\nBetter put.</textarea>" in html) == (403, True)
    assert "Unseen by others." not in html
    comment.refresh_from_db()
    assert comment.body == "Unseen by others."


@pytest.mark.parametrize("state", [State.UNVERIFIED, State.PENDING, State.REJECTED, State.REMOVED])
@pytest.mark.parametrize("has_token", [False, True])
def test_an_edit_that_sends_no_text_shows_strangers_none(article, unverified, reader, state, has_token):
    """Neither a missing log-in nor a missing token may be a way to a text that only its author, or nobody, is to see."""
    author = unverified if state == State.UNVERIFIED else reader
    comment = make_comment(article, author=author, state=state, body="Unseen by others.")
    response = Client(enforce_csrf_checks=not has_token).post(f"/comments/{comment.pk}/edit/")
    assert (response.status_code, "Unseen by others." in response.content.decode()) == (403, False)


@pytest.mark.parametrize("has_token", [False, True])
def test_an_edit_tells_strangers_nothing_of_an_article_that_is_no_longer_public(
    article, client_of, reader, has_token
):
    comment = make_comment(article, author=reader)
    unpublish(article)
    url = f"/comments/{comment.pk}/edit/"
    response = Client(enforce_csrf_checks=not has_token).post(url, {"body": "Anything."})
    assert (response.status_code, article.title in response.content.decode()) == (404, False)
    assert client_of(reader).get(url).status_code == 200


@pytest.mark.parametrize("has_token", [False, True])
def test_an_edit_quotes_nothing_that_was_taken_out_of_the_discussion(article, client_of, reader, has_token):
    thread = make_comment(article, body="Taken out.", author=make_user(display_name="Somebody Named"))
    reply = make_comment(article, author=reader, parent=thread)
    own, other = client_of(reader), Client(enforce_csrf_checks=not has_token)
    url = f"/comments/{reply.pk}/edit/"
    assert "Taken out." in html_of(own.get(url))
    decide_as_somebody(thread, ModerationAction.REMOVE)
    for response in (own.get(url), other.post(url, {"body": "Anything."})):
        html = response.content.decode()
        assert "comment-form" in html
        assert "Taken out." not in html
        assert "Somebody Named" not in html


def test_an_edit_with_a_stale_token_comes_back(article, reader):
    comment = make_comment(article, author=reader)
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    html = client.post(f"/comments/{comment.pk}/edit/", {"body": "Better put."}).content.decode()
    assert ">\nBetter put.</textarea>" in html
    assert f'action="/comments/{comment.pk}/edit/"' in html


# --- whose it is ---


@pytest.mark.parametrize("verb", ["edit", "remove"])
@pytest.mark.parametrize(
    ("state", "status"),
    [(State.VISIBLE, 403), (State.PENDING, 404), (State.REJECTED, 404), (State.REMOVED, 404)],
)
def test_others_comments_are_not_mine_to_change(article, client_of, reader, verb, state, status):
    comment = make_comment(article, state=state)
    client, url = client_of(reader), f"/comments/{comment.pk}/{verb}/"
    assert client.get(url).status_code == status
    assert client.post(url, {"body": "Mine now."}).status_code == status
    comment.refresh_from_db()
    assert (comment.state, comment.revision) == (state, 0)


@pytest.mark.parametrize("verb", ["edit", "remove", "report"])
def test_a_stranger_is_asked_to_log_in(article, stranger, verb):
    url = f"/comments/{make_comment(article).pk}/{verb}/"
    assert stranger.get(url)["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("verb", ["edit", "remove", "report"])
@pytest.mark.parametrize("pk", [0, 999999, 2**70])
def test_unknown_comments(client_of, reader, verb, pk):
    assert client_of(reader).get(f"/comments/{pk}/{verb}/").status_code == 404


# --- removing ---


def test_an_author_is_asked_and_removes_a_comment(article, client_of, reader):
    comment = make_comment(article, author=reader, body="Regretted.")
    client, url = client_of(reader), f"/comments/{comment.pk}/remove/"
    assert "Regretted." in html_of(client.get(url))
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    for _twice in range(2):
        assert client.post(url)["Location"] == f"/comments/mine/#comment-{comment.pk}"
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.REMOVED, RemovedBy.AUTHOR)


# --- reporting ---


def test_a_reader_reports_a_comment(article, client_of, reader):
    comment = make_comment(article)
    client, url = client_of(reader), f"/comments/{comment.pk}/report/"
    assert comment.body in html_of(client.get(url))
    assert client.post(url, {"reason": "uncivil", "note": "Look."})["Location"] == f"/comments/{comment.pk}/"
    assert Report.objects.values_list("reporter", "reason", "note").get() == (reader.pk, "uncivil", "Look.")


@pytest.mark.parametrize("data", [{}, {"reason": "x"}, {"reason": "other", "note": "a" * 301}])
def test_a_report_that_says_nothing_is_refused(article, client_of, reader, data):
    response = client_of(reader).post(f"/comments/{make_comment(article).pk}/report/", data)
    assert response.status_code == 422
    assert not Report.objects.exists()


def test_an_unverified_reader_is_told_to_confirm_first(article, client_of, unverified):
    response = client_of(unverified).post(
        f"/comments/{make_comment(article).pk}/report/", {"reason": "other", "note": "Typed."}
    )
    assert response.status_code == 403
    assert "confirm your e-mail address first" in response.content.decode()
    assert "Typed." in response.content.decode()


@pytest.mark.parametrize("headers", [{}, {"X-Fragment": "comment"}])
def test_a_long_note_is_refused_and_comes_back_whole(article, client_of, reader, headers):
    comment, note = make_comment(article), "字" * 301
    path = f"/comments/{comment.pk}/report/"
    assert (
        "maxlength"
        not in re.search("<textarea[^>]*>", html_of(client_of(reader).get(path, headers=headers)))[0]
    )
    response = client_of(reader).post(path, {"reason": "other", "note": note}, headers=headers)
    html = response.content.decode()
    assert response.status_code == 422
    assert note in html
    assert "at most 300 are taken" in html
    assert not Report.objects.exists()


def test_what_is_not_visible_cannot_be_reported(article, client_of, reader):
    comment = make_comment(article, state=State.PENDING)
    assert client_of(reader).get(f"/comments/{comment.pk}/report/").status_code == 404


# --- confirming the address, leaving, taking along ---


def test_the_confirmation_page_shows_what_confirming_releases(article, unverified):
    from comments.account_hooks import comments_to_be_published

    assert comments_to_be_published(unverified, at_once=True) == ""
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="Wait <here>.")
    note = comments_to_be_published(unverified, at_once=True)
    assert "Wait &lt;here&gt;." in note
    assert article.title in note


def test_confirming_through_allauth_releases(article, unverified, rf):
    from allauth.account.models import EmailAddress
    from allauth.account.signals import email_confirmed

    make_comment(article, author=unverified, state=State.UNVERIFIED)
    unverified.emailaddress_set.update(verified=True)
    email_confirmed.send(EmailAddress, request=rf.get("/"), email_address=unverified.emailaddress_set.get())
    assert Comment.objects.get().state == State.PENDING


def test_erasing_the_account_leaves_a_place_without_a_name(article, reader):
    from accounts.erasure import erase_account

    thread = make_comment(article, author=reader)
    make_comment(article, parent=thread)
    make_comment(article, author=reader, state=State.PENDING, body="Alone.")
    erase_account(reader)
    assert Comment.objects.get(pk=thread.pk).author is None
    assert not Comment.objects.filter(body="Alone.").exists()


def test_the_takeout_has_every_comment_and_report(article, client_of, reader):
    make_comment(article, author=reader, body="In the takeout.", state=State.REJECTED)
    services.report_comment(
        user=reader, comment_id=make_comment(article).pk, reason=ReportReason.OTHER, note="Also this."
    )
    make_comment(article, author=make_user(), body="Not this.")
    data = json.loads(client_of(reader).get("/accounts/me/data/").getvalue())
    assert [(comment["text"], comment["state"]) for comment in data["comments"]] == [
        ("In the takeout.", "rejected")
    ]
    assert [report["note"] for report in data["reports"]] == ["Also this."]


def test_a_long_takeout_comes_in_pieces_without_the_articles_texts(article, client_of, reader, monkeypatch):
    monkeypatch.setattr("comments.account_hooks.EXPORT_BATCH", 2)
    for number in range(5):
        make_comment(article, author=reader, body=f"Number {number}.", state=State.REJECTED)
    response = client_of(reader).get("/accounts/me/data/")
    with CaptureQueriesContext(connection) as asked:
        data = json.loads(response.getvalue())
    assert [comment["text"] for comment in data["comments"]] == [f"Number {number}." for number in range(5)]
    assert [decision["decision"] for decision in data["comments"][4]["decisions"]] == ["reject"]
    assert not [query["sql"] for query in asked if '"articles_article"."body"' in query["sql"]]

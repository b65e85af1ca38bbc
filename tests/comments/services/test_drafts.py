"""Drafts: an anonymous visitor writes, then signs up or logs in, and posts."""

import json
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.erasure import erase_account
from accounts.models import User
from accounts.verification.account_handover import claim_or_discard_pending_content
from accounts.verification.addresses import link_key
from comments import account_hooks, services
from comments.models import Comment, CommentDraft
from comments.policy import State
from comments.services import drafts as draft_services
from tests.comments.conftest import FRAGMENT
from tests.factories import PASSWORD, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

NEW = "/articles/a-patent/comments/new/"


def test_anonymous_post_saves_a_draft_and_leads_to_the_log_in(stranger, send):
    response = send(stranger, "Wait for me.")
    assert response["Location"] == NEW
    html = stranger.get(NEW).content.decode()
    assert "Your text is kept." in html
    assert ">\nWait for me.</textarea>" in html
    assert f"/accounts/signup/?next={NEW.replace('/', '%2F')}" in html
    assert f"/accounts/login/?next={NEW.replace('/', '%2F')}" in html
    assert not Comment.objects.exists()


def test_draft_cookie_is_http_only(stranger, send):
    cookie = send(stranger, "Wait for me.").cookies["waiting"]
    assert uuid.UUID(cookie.value) == CommentDraft.objects.get().token
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 14 * 24 * 3600)


def test_hint_cookie_is_set_with_a_draft(stranger, send):
    assert send(stranger, "Wait for me.").cookies["reader"].value == "guest"


def test_script_gets_the_form_with_links_to_log_in(stranger, send):
    response = send(stranger, "Wait for me.", headers=FRAGMENT)
    assert response.status_code == 200
    assert "data-kept" in response.content.decode()
    assert "waiting" in response.cookies


def test_draft_is_posted_after_confirmation(stranger, send, reader):
    send(stranger, "Wait for me.")
    stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD, "next": NEW})
    assert not Comment.objects.exists()
    page = stranger.get(NEW)
    assert "Post this?" in page.content.decode()
    box = page.context["compose_form"]
    send(stranger, box.text, submission=str(box.submission))
    comment = Comment.objects.get()
    assert (comment.body, comment.author, comment.state) == ("Wait for me.", reader, State.PENDING)
    assert not CommentDraft.objects.exists()


def test_draft_changed_in_the_form_is_posted_changed(stranger, send, reader):
    send(stranger, "Wait for me.")
    stranger.force_login(reader)
    submission = str(stranger.get(NEW).context["compose_form"].submission)
    send(stranger, "Better put.", submission=submission)
    assert Comment.objects.get().body == "Better put."
    assert not CommentDraft.objects.exists()


def test_changed_text_replaces_the_draft(stranger, send):
    send(stranger, "Wait for me.")
    submission = str(stranger.get(NEW).context["compose_form"].submission)
    send(stranger, "Better put.", submission=submission)
    assert CommentDraft.objects.get().body == "Better put."


def test_changed_draft_lives_as_long_as_a_new_one(stranger, send):
    with time_machine.travel("2026-02-19 02:51:27Z", tick=False) as clock:
        early = make_article("early")
        send(stranger, "Wait for me.", to=early)
        url = "/articles/early/comments/new/"
        assert "It waits here until 5 March 2026." in stranger.get(url).content.decode()
        clock.move_to("2026-03-04 02:51:27Z")
        send(
            stranger,
            "Better put.",
            to=early,
            submission=str(stranger.get(url).context["compose_form"].submission),
        )
        assert "It waits here until 18 March 2026." in stranger.get(url).content.decode()
        clock.move_to("2026-03-18 02:51:26Z")
        assert stranger.get(url).context["compose_form"].text == "Better put."


def test_draft_of_a_reply_keeps_its_parent(article, stranger, send):
    thread = make_comment(article)
    response = send(stranger, "But why?", parent=thread.pk)
    assert response["Location"] == f"{NEW}?parent={thread.pk}"
    assert stranger.get(response["Location"]).context["compose_form"].text == "But why?"
    assert stranger.get(NEW).context["compose_form"].text == ""


@pytest.mark.parametrize("becomes", ["removed", "erased"])
def test_draft_of_a_reply_to_a_removed_comment_can_be_posted(article, stranger, send, reader, becomes):
    """Through the page that the log-in leads back to, the only one that shows the draft."""
    thread = make_comment(article)
    send(stranger, "Another text.")
    back = send(stranger, "But why?", parent=thread.pk)["Location"]
    if becomes == "removed":
        services.remove_comment(user=thread.author, comment_id=thread.pk)
    else:
        services.erase_comments(thread.author)
    log_in(stranger, reader)
    page = stranger.get(back)
    box = page.context["compose_form"]
    assert (box.text, box.replied_to) == ("But why?", None)
    assert "You can post your text as a comment of its own." in page.content.decode()
    assert "Post this?" in page.content.decode()
    assert send(stranger, box.text, submission=str(box.submission)).status_code == 302
    comment = Comment.objects.get(author=reader)
    assert (comment.body, comment.parent) == ("But why?", None)
    assert CommentDraft.objects.get().body == "Another text."


def test_expired_session_saves_a_draft(client_of, reader, send):
    client = client_of(reader)
    client.cookies.pop("sessionid")
    send(client, "Typed while signed in.")
    assert CommentDraft.objects.get().body == "Typed while signed in."


def test_draft_is_not_shown_in_another_browser(article, stranger, send, client_of, reader):
    send(stranger, "Mine alone.")
    writer = Client()
    send(writer, "Theirs.")  # under another cookie
    for other in (Client(), writer, client_of(reader)):
        for url in (NEW, f"/me/discussion/{article.pk}/", article.get_absolute_url()):
            assert "Mine alone." not in other.get(url).content.decode()


@pytest.mark.parametrize("cookie", ["", "x", "00000000-0000-0000-0000-000000000000", "\0", "1" * 5000])
def test_malformed_cookie_is_ignored(article, stranger, send, cookie):
    stranger.cookies["waiting"] = cookie
    assert stranger.get(NEW).context["compose_form"].draft is None
    assert send(stranger, "Mine.").status_code == 302


def test_fragment_and_my_comments_show_the_draft(article, stranger, send):
    send(stranger, "Wait for me.")
    for url in (f"/me/discussion/{article.pk}/", "/comments/mine/"):
        html = stranger.get(url).content.decode()
        assert "Wait for me." in html
        assert f'href="{NEW}"' in html


def test_my_comments_without_drafts_leads_to_the_log_in(stranger):
    assert stranger.get("/comments/mine/")["Location"] == "/accounts/login/?next=/comments/mine/"


def test_drafts_of_one_browser_are_limited(stranger, send):
    for number in range(draft_services.MAX_DRAFTS):
        assert send(stranger, f"Text {number}.").status_code == 302
    response = send(stranger, "One more.")
    assert (response.status_code, ">\nOne more.</textarea>" in response.content.decode()) == (429, True)


def test_drafts_of_one_network_address_are_limited_per_hour(send, client_of, reader):
    for number in range(30):
        assert send(Client(), f"Text {number}.").status_code == 302
    response = send(Client(), "One more.")
    assert (response.status_code, ">\nOne more.</textarea>" in response.content.decode()) == (429, True)
    assert CommentDraft.objects.count() == 30
    assert send(Client(REMOTE_ADDR="192.0.2.1"), "From elsewhere.").status_code == 302
    assert send(client_of(reader), "From a member.").status_code == 302
    assert Comment.objects.get().body == "From a member."


def test_submission_of_another_browser_is_not_overwritten(stranger, send):
    submission = str(uuid.uuid4())
    send(Client(), "Theirs.", submission=submission)
    send(stranger, "Mine.", submission=submission)
    assert set(CommentDraft.objects.values_list("body", flat=True)) == {"Theirs.", "Mine."}


@pytest.mark.parametrize("parent", ["999999", "abc"])
def test_draft_of_a_reply_to_a_hidden_comment_is_refused(stranger, send, parent):
    response = send(stranger, "But why?", parent=parent)
    assert (response.status_code, ">\nBut why?</textarea>" in response.content.decode()) == (422, True)


def test_draft_in_a_closed_discussion_is_refused(stranger, send):
    response = send(stranger, "Just in time?", to=make_article(comments_open=False))
    assert (response.status_code, ">\nJust in time?</textarea>" in response.content.decode()) == (422, True)


def test_drafts_are_purged_after_fourteen_days(stranger, send):
    send(stranger, "Wait for me.")
    with time_machine.travel(timezone.now() + timedelta(days=13, hours=23)):
        assert draft_services.purge_drafts() == 0
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        assert stranger.get(NEW).context["compose_form"].draft is None
        assert draft_services.purge_drafts() == 1


def log_in(client, user):
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def own_page(client) -> str:
    return client.get("/comments/mine/").content.decode()


def test_log_in_attaches_drafts_to_the_account(article, stranger, send, reader):
    send(stranger, "Wait for me.")
    log_in(stranger, reader)
    elsewhere = Client()
    log_in(elsewhere, reader)
    for client in (stranger, elsewhere):
        assert "Wait for me." in own_page(client)
        assert client.get(NEW).context["compose_form"].text == "Wait for me."
        assert "Wait for me." in client.get(f"/me/discussion/{article.pk}/").content.decode()


def test_draft_survives_sign_up_and_verification_in_another_browser(stranger, send):
    send(stranger, "Wait for me.")
    stranger.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD, "next": NEW})
    user = User.objects.get(email="new@example.org")
    phone = Client()
    phone.post(f"/accounts/confirm-email/{link_key(user.emailaddress_set.get())}/")
    assert user.is_verified
    assert not Comment.objects.exists()
    assert "Wait for me." in own_page(
        stranger
    )  # the link has ended the session: the browser has the text still
    stranger.force_login(user)
    assert "Wait for me." in own_page(stranger)


def test_log_out_leaves_no_drafts_in_the_browser(article, stranger, send, reader):
    send(stranger, "Wait for me.")
    log_in(stranger, reader)
    stolen = stranger.cookies["waiting"].value
    response = stranger.post("/accounts/logout/")
    assert response.cookies["waiting"].value == ""
    assert stranger.get(NEW).context["compose_form"].text == ""
    assert "Wait for me." not in stranger.get(f"/me/discussion/{article.pk}/").content.decode()
    thief = Client()
    thief.cookies["waiting"] = stolen
    assert thief.get(NEW).context["compose_form"].text == ""
    log_in(stranger, reader)
    assert "Wait for me." in own_page(stranger)


def test_log_out_deletes_the_hint_cookie(stranger, send, reader):
    send(stranger, "Wait for me.")
    log_in(stranger, reader)
    assert stranger.post("/accounts/logout/").cookies["reader"].value in ("", "guest")
    stranger.get("/comments/mine/")
    assert stranger.get("/accounts/login/").status_code == 200


def test_draft_of_one_account_is_not_shown_to_the_next_in_the_browser(stranger, send, reader):
    send(stranger, "Theirs.")
    log_in(stranger, reader)
    stranger.cookies.pop("sessionid")  # the session expires without a log-out
    other = make_user()
    log_in(stranger, other)
    assert "Theirs." not in own_page(stranger)
    assert stranger.get(NEW).context["compose_form"].text == ""


def test_draft_of_an_unconfirmed_account_waits_for_its_owner(stranger, send, unverified, client_of):
    """The account may have been made by another person, so their drafts are not offered to the owner."""
    send(stranger, "Not the owner's.")
    log_in(stranger, unverified)
    stranger.post("/accounts/logout/")
    note = account_hooks.comments_to_be_published(unverified, at_once=False)
    assert "Not the owner&#x27;s." in note
    assert account_hooks.comments_to_be_published(unverified, at_once=True) == ""
    User.objects.update(pending_content_unconfirmed=True)
    assert "Not the owner" not in own_page(client_of(unverified))
    claim_or_discard_pending_content(unverified, is_mine=False)
    assert not CommentDraft.objects.exists()


def test_draft_is_not_attached_to_an_unverified_account(stranger, send, unverified):
    """The account may be another person's: until it is verified the draft stays with the browser."""
    send(stranger, "Wait for me.")
    log_in(stranger, unverified)
    elsewhere = Client()
    log_in(elsewhere, unverified)
    assert "Wait for me." in own_page(stranger)
    assert "Wait for me." not in own_page(elsewhere)


def test_erasure_deletes_drafts_and_the_takeout_has_them(stranger, send, reader):
    send(stranger, "Wait for me.")
    log_in(stranger, reader)
    (text,) = json.loads(stranger.get("/accounts/me/data/").getvalue())["texts not posted yet"]
    assert text["body"] == "Wait for me."
    erase_account(reader)
    assert not CommentDraft.objects.exists()

"""What a stranger wrote is there after joining or logging in, whichever way they take, and is posted after one question.

The way by a passkey needs a browser that has one: tests/browser/test_account_pages.py.
"""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import login_codes
from accounts.models import User
from accounts.verification.addresses import link_key
from comments.models import Comment, CommentDraft
from comments.policy import State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "/articles/a-patent/comments/new/"
WRITER = "writer@example.org"
ANOTHER = "an entirely new password"


def follow(browser: Client, start: str, lead: str) -> HttpResponse:
    """The page behind the link on page `start` whose address begins with `lead`."""
    html = browser.get(start).content.decode()
    return browser.get(re.search(rf'href="({lead}[^"]*)"', html)[1])


def fill(browser: Client, page: HttpResponse, **fields: str) -> HttpResponse:
    """Send the form of a page with what it carries along."""
    form = re.search(
        r'<form class="form"[^>]* action="([^"]+)">(.*?)</form>', page.content.decode(), re.DOTALL
    )
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[2]))
    return browser.post(form[1], hidden | fields, follow=True)


def where(page: HttpResponse) -> str:
    return page.redirect_chain[-1][0]


def by_password(browser: Client) -> str:
    make_user(WRITER)
    return where(fill(browser, follow(browser, NEW, "/accounts/login/"), login=WRITER, password=PASSWORD))


def by_code(browser: Client) -> str:
    make_user(WRITER)
    login = follow(browser, NEW, "/accounts/login/").request
    asked = fill(
        browser,
        follow(browser, f"{login['PATH_INFO']}?{login['QUERY_STRING']}", "/accounts/login/code/"),
        email=WRITER,
    )
    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])
    return where(fill(browser, asked, code=code))


def by_signing_up(browser: Client) -> str:
    return where(fill(browser, follow(browser, NEW, "/accounts/signup/"), email=WRITER, password1=PASSWORD))


def by_reset(browser: Client) -> str:
    """The mail's link cannot know where the text was written."""
    make_user(WRITER)
    browser.post("/accounts/password/reset/", {"email": WRITER})
    mail = compose_message(Mail.objects.get(purpose="accounts/password_reset"))
    page = browser.get(re.search(r"http://testserver(/\S+)", mail.body)[1])["Location"]
    assert browser.post(page, {"password1": ANOTHER, "password2": ANOTHER})["Location"] == "/"
    return NEW


def by_confirming_elsewhere(browser: Client) -> str:
    """Which ends the session here, and asks for a new password there."""
    by_signing_up(browser)
    phone, address = Client(), User.objects.get().emailaddress_set.get()
    confirmed = phone.post(f"/accounts/confirm-email/{link_key(address)}/", follow=True)
    phone.post(where(confirmed), {"password1": ANOTHER, "password2": ANOTHER})
    return where(fill(browser, follow(browser, NEW, "/accounts/login/"), login=WRITER, password=ANOTHER))


@pytest.mark.parametrize("way", [by_password, by_code, by_signing_up, by_reset, by_confirming_elsewhere])
def test_the_text_is_there_and_posted_after_one_question(stranger, send, way: Callable[[Client], str]):
    send(stranger, "Wait for me.")
    assert way(stranger) == NEW
    assert not Comment.objects.exists()
    page = stranger.get(NEW)
    assert "Post this?" in page.content.decode()
    box = page.context["box"]
    send(stranger, box.text, submission=str(box.submission))
    comment = Comment.objects.get()
    assert (comment.body, comment.author.email) == ("Wait for me.", WRITER)
    assert comment.state == (State.UNVERIFIED if way is by_signing_up else State.PENDING)
    assert not CommentDraft.objects.exists()

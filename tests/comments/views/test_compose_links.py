"""A draft is still there after signing up or logging in, by whichever way, and is posted after "Post this?".

Passkeys need a browser: tests/browser/test_account_pages.py.
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


def follow(browser: Client, start: str, prefix: str) -> HttpResponse:
    """GET the link on page `start` whose URL starts with `prefix`."""
    html = browser.get(start).content.decode()
    return browser.get(re.search(rf'href="({prefix}[^"]*)"', html)[1])


def fill(browser: Client, page: HttpResponse, **fields: str) -> HttpResponse:
    """Submit the form of a page with its hidden fields."""
    form = re.search(
        r'<form class="form"[^>]* action="([^"]+)">(.*?)</form>', page.content.decode(), re.DOTALL
    )
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[2]))
    return browser.post(form[1], hidden | fields, follow=True)


def final_url(page: HttpResponse) -> str:
    return page.redirect_chain[-1][0]


def by_password(browser: Client) -> str:
    make_user(WRITER)
    return final_url(fill(browser, follow(browser, NEW, "/accounts/login/"), login=WRITER, password=PASSWORD))


def by_code(browser: Client) -> str:
    make_user(WRITER)
    login = follow(browser, NEW, "/accounts/login/").request
    code_page = fill(
        browser,
        follow(browser, f"{login['PATH_INFO']}?{login['QUERY_STRING']}", "/accounts/login/code/"),
        email=WRITER,
    )
    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])
    return final_url(fill(browser, code_page, code=code))


def by_signing_up(browser: Client) -> str:
    return final_url(
        fill(browser, follow(browser, NEW, "/accounts/signup/"), email=WRITER, password1=PASSWORD)
    )


def by_reset(browser: Client) -> str:
    """Unlike other ways, the link in the mail does not lead back to the draft."""
    make_user(WRITER)
    browser.post("/accounts/password/reset/", {"email": WRITER})
    mail = compose_message(Mail.objects.get(purpose="accounts/password_reset"))
    page = browser.get(re.search(r"http://testserver(/\S+)", mail.body)[1])["Location"]
    assert browser.post(page, {"password1": ANOTHER, "password2": ANOTHER})["Location"] == "/"
    return NEW


def by_confirming_elsewhere(browser: Client) -> str:
    """Confirm the address in another browser, which ends this session and asks for a new password there."""
    by_signing_up(browser)
    phone, address = Client(), User.objects.get().emailaddress_set.get()
    confirmed = phone.post(f"/accounts/confirm-email/{link_key(address)}/", follow=True)
    phone.post(final_url(confirmed), {"password1": ANOTHER, "password2": ANOTHER})
    return final_url(fill(browser, follow(browser, NEW, "/accounts/login/"), login=WRITER, password=ANOTHER))


@pytest.mark.parametrize("way", [by_password, by_code, by_signing_up, by_reset, by_confirming_elsewhere])
def test_draft_is_posted_after_log_in(stranger, send, way: Callable[[Client], str]):
    send(stranger, "Wait for me.")
    assert way(stranger) == NEW
    assert not Comment.objects.exists()
    page = stranger.get(NEW)
    assert "Post this?" in page.content.decode()
    compose_form = page.context["compose_form"]
    send(stranger, compose_form.text, submission=str(compose_form.submission))
    comment = Comment.objects.get()
    assert (comment.body, comment.author.email) == ("Wait for me.", WRITER)
    assert comment.state == (State.UNVERIFIED if way is by_signing_up else State.PENDING)
    assert not CommentDraft.objects.exists()

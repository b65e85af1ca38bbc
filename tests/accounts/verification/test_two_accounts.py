"""Two unproven accounts of one address, whose links are opened in any order and in any browser: one person
ends up able to be heard, and the other pages tell nobody who has an account.
"""

import pytest
from django.test import Client

from accounts.models import User
from accounts.verification import addresses
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ADDRESS = "anna@example.org"


@pytest.fixture
def browsers(sign_up) -> list[Client]:
    """Two browsers; in each somebody has signed up with the address. The links: see `links`."""
    return [sign_up(ADDRESS), sign_up(ADDRESS)]


@pytest.fixture
def links(browsers) -> list[str]:
    """The links to the two accounts, the older first."""
    return [
        f"/accounts/confirm-email/{addresses.link_key(user.emailaddress_set.get())}/"
        for user in User.objects.order_by("pk")
    ]


def verified_users() -> list[User]:
    return list(User.objects.filter(emailaddress__verified=True))


@pytest.mark.parametrize("link", [0, 1], ids=["older link", "newer link"])
@pytest.mark.parametrize("browser", [0, 1], ids=["older account", "newer account"])
def test_any_link_opened_in_a_browser_of_the_address_proves_its_account(browsers, links, browser, link):
    client, user = browsers[browser], User.objects.order_by("pk")[browser]

    page = client.get(links[link]).content.decode()
    assert "You are logged in with another account here" not in page
    assert "removes its password" not in page
    done = client.post(links[link], follow=True).content.decode()

    assert "This address is confirmed" in done
    assert "Another account" not in done
    assert verified_users() == [user]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert "data-banner" not in client.get("/me/bar/").content.decode()


@pytest.mark.parametrize("first", [0, 1])
def test_second_link_in_the_browser_that_is_proven_says_confirmed(browsers, links, first):
    client = browsers[1]
    client.post(links[first])
    page = client.get(links[1 - first]).content.decode()
    assert "This address is confirmed" in page
    assert "Another account" not in page
    assert len(verified_users()) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_links_opened_where_nobody_is_logged_in_leave_one_owner_who_can_log_in(browsers, links, first):
    stranger = Client()
    password_form = stranger.post(links[first], follow=True)
    stranger.post(
        password_form.request["PATH_INFO"],
        {"password1": "an entirely new password", "password2": "an entirely new password"},
    )
    Client().post(links[1 - first])

    (owner,) = verified_users()
    client = Client()
    client.post("/accounts/login/", {"login": ADDRESS, "password": "an entirely new password"})
    assert int(client.session["_auth_user_id"]) == owner.pk


def test_browser_of_another_address_still_hands_the_account_over(links, sign_up):
    """The account that is logged in has another address: the mailbox says nothing about it."""
    client = sign_up("bea@example.org")
    page = client.get(links[0]).content.decode()
    assert "You are logged in with another account here" in page
    client.post(links[0])
    assert [user.email for user in verified_users()] == [ADDRESS]


def test_other_session_sees_no_difference_after_the_address_is_proven(browsers, links):
    def banner(client: Client) -> str:
        return client.get("/accounts/verification/").content.decode().split("csrfmiddlewaretoken")[0]

    before = banner(browsers[0])
    browsers[1].post(links[1])
    assert banner(browsers[0]) == before

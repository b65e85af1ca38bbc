"""Bans that outlive an erased account."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.erasure import erase_account
from accounts.models import User
from accounts.verification.addresses import link_key
from comments import services
from comments.models import Ban, ErasedBan
from comments.services.erased_bans import PERMANENT_BAN_KEPT
from tests.factories import make_user

from .conftest import post

pytestmark = pytest.mark.django_db

ADDRESS = "banned@example.org"


def sign_up_again() -> User:
    """A new account with the same address, verified by the link of its mail."""
    user = make_user(ADDRESS, verified=False)
    browser = Client()
    browser.force_login(user, "accounts.backends.ReaderBackend")
    browser.post(f"/accounts/confirm-email/{link_key(user.emailaddress_set.get())}/")
    user.refresh_from_db()
    assert user.is_verified
    return user


@pytest.mark.parametrize("until", [None, timezone.now() + timedelta(days=7)])
def test_ban_goes_on_under_a_new_account_with_the_address(article, until):
    user = make_user(ADDRESS)
    Ban.objects.create(user=user, why="Advertises.", until=until)
    erase_account(user)
    assert ADDRESS not in str(ErasedBan.objects.values().get())

    again = sign_up_again()
    with pytest.raises(services.Forbidden):
        post(again, article)
    ban = Ban.objects.get()
    assert ban.user == again
    if until is None:
        assert abs(ban.until - timezone.now() - PERMANENT_BAN_KEPT) < timedelta(minutes=5)
    else:
        assert ban.until == until


def test_ban_that_has_ended_is_not_kept(article):
    user = make_user(ADDRESS)
    Ban.objects.create(user=user, why="Advertised.", until=timezone.now() - timedelta(minutes=1))
    erase_account(user)
    assert not ErasedBan.objects.exists()
    again = sign_up_again()
    assert post(again, article).author == again


def test_address_that_the_banned_account_never_verified_is_not_banned(article):
    user = make_user("other@example.org")
    user.emailaddress_set.create(email=ADDRESS, verified=False)
    Ban.objects.create(user=user, why="Advertises.")
    erase_account(user)
    again = sign_up_again()
    assert post(again, article).author == again
    assert not Ban.objects.exists()


def test_erased_bans_are_pruned_when_they_end(time_machine):
    user = make_user(ADDRESS)
    Ban.objects.create(user=user, why="Advertises.", until=timezone.now() + timedelta(days=7))
    erase_account(user)
    assert services.prune_erased_bans() == 0
    time_machine.move_to(timezone.now() + timedelta(days=8))
    assert services.prune_erased_bans() == 1

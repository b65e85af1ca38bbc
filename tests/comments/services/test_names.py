"""Names beside comments: listed words, names of other commenters, names changed after approval."""

import re

import pytest

from accounts.models import User
from comments import services
from comments.models import BlockedPhrase, NameReview
from comments.models.names import NameReason, NameState
from comments.text.blocklist import BlockEffect
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

PROFILE = "/accounts/me/"


@pytest.fixture(autouse=True)
def _listed_words(db):
    BlockedPhrase.objects.create(text="加微信", effect=BlockEffect.REFUSE)
    BlockedPhrase.objects.create(text="cheap trademarks", effect=BlockEffect.REFUSE)
    BlockedPhrase.objects.create(text="casino", effect=BlockEffect.HOLD)


def choose(client, name: str) -> str:
    response = client.post(PROFILE, {"display_name": name, "language": "en"}, follow=True)
    return response.content.decode()


def trusted(**fields) -> User:
    user = make_user(**fields)
    make_comment(make_article(), author=user)
    return user


@pytest.mark.parametrize("name", ["加微信 tm888", "cheap trademarks 24h", "ＣＨＥＡＰ trademarks"])
def test_name_with_refused_words_is_not_taken(client_of, name: str):
    user = trusted(display_name="Anna")

    page = choose(client_of(user), name)

    assert "This name has words that are not accepted here." in page
    assert f'value="{name}"' in page  # what was typed comes back
    user.refresh_from_db()
    assert user.display_name == "Anna"
    assert not NameReview.objects.exists()


@pytest.mark.parametrize("name", ["Casino Anna", "c.a.s.i.n.o"])
def test_name_with_held_words_waits_for_a_moderator(client_of, moderator, name: str):
    user = trusted(display_name="Anna")

    page = choose(client_of(user), name)

    user.refresh_from_db()
    assert user.display_name == "Anna"
    assert f"A moderator looks at the name “{name}” first. Until then" in page
    assert "appear as “Anna”" in page
    review = NameReview.objects.get()
    assert (review.state, review.reason) == (NameState.HELD, NameReason.WORDS)
    assert review.matched_phrases == "casino"
    services.decide_name(moderator=moderator, review_id=review.pk, accept=True)
    user.refresh_from_db()
    assert user.display_name == name
    assert "first. Until then" not in client_of(user).get(PROFILE).content.decode()


def test_without_a_name_before_the_default_stands_meanwhile(client_of):
    user = trusted()

    page = choose(client_of(user), "Casino Anna")

    user.refresh_from_db()
    assert user.display_name == ""
    assert f"appear as “Reader {user.pk}”" in page


@pytest.mark.parametrize("name", ["Lin Yuqing", "LIN-YUQING", "Lín Yuqíng", "1in yuqing"])
def test_name_that_looks_like_another_commenters_waits(client_of, name: str):
    trusted(display_name="Lin Yuqing")
    user = make_user()

    choose(client_of(user), name)

    user.refresh_from_db()
    assert user.display_name == ""
    assert NameReview.objects.get().reason == NameReason.LOOKALIKE


def test_name_of_somebody_without_comments_does_not_wait(client_of):
    make_user(display_name="Lin Yuqing")
    user = make_user()

    choose(client_of(user), "Lin Yuqing")

    user.refresh_from_db()
    assert user.display_name == "Lin Yuqing"
    assert not NameReview.objects.exists()


def test_name_changed_after_approval_is_shown_and_looked_at(client_of, moderator):
    user = trusted(display_name="Anna")

    choose(client_of(user), "Bella")

    user.refresh_from_db()
    assert user.display_name == "Bella"
    review = NameReview.objects.get()
    assert (review.state, review.reason, review.previous) == (NameState.SHOWN, NameReason.CHANGED, "Anna")
    page = client_of(moderator).get("/admin/comments/namereview/").content.decode()
    assert "<bdi>Bella</bdi>" in page
    assert re.search(r'<li class="selected">\s*<a[^>]*>the queue</a>', page)  # not “All”
    assert "<title>Names to look at" in page
    services.decide_name(moderator=moderator, review_id=review.pk, accept=False)
    user.refresh_from_db()
    assert user.display_name == "Anna"
    assert "did not accept the name “Bella”" in client_of(user).get(PROFILE).content.decode()
    with pytest.raises(services.StaleDecision):
        services.decide_name(moderator=moderator, review_id=review.pk, accept=True)


def test_another_change_takes_the_place_of_the_first(client_of, moderator):
    user = trusted(display_name="Anna")
    choose(client_of(user), "Casino Anna")
    first = NameReview.objects.get()

    choose(client_of(user), "")

    with pytest.raises(services.StaleDecision):
        services.decide_name(moderator=moderator, review_id=first.pk, accept=True)
    user.refresh_from_db()
    assert user.display_name == ""


def test_moderators_decide_in_the_list_but_not_about_themselves(client_of, moderator, reader):
    make_comment(make_article(), author=moderator)
    choose(client_of(moderator), "Casino Mei")
    own = NameReview.objects.get()
    user = trusted(display_name="Anna")
    choose(client_of(user), "Casino Anna")
    other = NameReview.objects.exclude(pk=own.pk).get()

    response = client_of(moderator).post(
        "/admin/comments/namereview/",
        {"action": "accept", "_selected_action": [own.pk, other.pk]},
        follow=True,
    )

    page = response.content.decode()
    assert "1 decision made." in page
    assert "This is your own name: another moderator decides." in page
    user.refresh_from_db()
    own.refresh_from_db()
    assert (user.display_name, own.state) == ("Casino Anna", NameState.HELD)
    assert client_of(reader).get("/admin/comments/namereview/").status_code == 302


def test_accepted_name_purges_the_pages_that_show_it(client_of, moderator, monkeypatch):
    from ictiger.pagecache import invalidation
    from ictiger.pagecache.models import Purge

    user = trusted(display_name="Anna")
    choose(client_of(user), "Casino Anna")
    monkeypatch.setitem(invalidation.providers, User, [lambda user: [f"/shows/{user.display_name}/"]])
    Purge.objects.all().delete()

    services.decide_name(moderator=moderator, review_id=NameReview.objects.get().pk, accept=True)

    assert Purge.objects.get().paths == ["/shows/Anna/", "/shows/Casino Anna/"]


def test_refused_name_gives_way_to_the_last_that_needed_no_look(client_of, moderator):
    """Not to one that nobody has looked at yet."""
    user = trusted(display_name="Anna")
    client = client_of(user)
    for name in ("Berta", "Carla"):
        choose(client, name)
    review = NameReview.objects.get(state=NameState.SHOWN)
    services.decide_name(moderator=moderator, review_id=review.pk, accept=False)
    user.refresh_from_db()
    assert user.display_name == "Anna"

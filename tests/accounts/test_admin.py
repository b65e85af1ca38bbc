import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ictiger.pagecache import invalidation
from ictiger.pagecache.models import Purge
from tests.factories import make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


@pytest.fixture
def boss(db) -> User:
    return User.objects.create_superuser("boss@example.org", "correct horse battery staple")


@pytest.fixture
def desk(boss, client_of) -> Client:
    return client_of(boss)


@pytest.fixture
def clerk(editor, client_of) -> Client:
    """Staff who may edit people, but is no superuser."""
    editor.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="accounts", content_type__model="user")
    )
    return client_of(editor)


def form_of(user: User, **changes) -> dict:
    fields = {"display_name": user.display_name, "language": user.language, "is_active": "on"}
    return {**fields, "emailaddress_set-TOTAL_FORMS": "0", "emailaddress_set-INITIAL_FORMS": "0", **changes}


def test_door_is_the_readers_login(stranger):
    response = stranger.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert "<h1>Log in</h1>" in response.content.decode()


def test_desks_password_page_is_the_readers(desk):
    assert desk.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"


def test_readers_are_refused_at_the_door(reader, client_of):
    assert client_of(reader).get("/admin/login/").status_code == 403


@pytest.mark.parametrize("actor", ["author", "editor", "moderator"])
def test_staff_without_the_right_sees_no_people(actor, request, client_of):
    assert client_of(request.getfixturevalue(actor)).get(LIST).status_code == 403


@pytest.mark.parametrize("model", ["account/emailaddress", "mfa/authenticator", "usersessions/usersession"])
def test_keys_and_secrets_have_no_page(desk, model):
    assert desk.get(f"/admin/{model}/").status_code == 404


def test_list_shows_who_is_confirmed_and_filters_by_it(desk, reader, unverified):
    both = desk.get(LIST).content.decode()
    confirmed, waiting = (desk.get(LIST, {"verified": value}).content.decode() for value in ("yes", "no"))

    assert reader.email in both
    assert unverified.email in both
    assert reader.email in confirmed
    assert unverified.email not in confirmed
    assert reader.email not in waiting
    assert unverified.email in waiting


def test_list_finds_people_by_name_and_address(desk, reader, unverified):
    User.objects.filter(pk=reader.pk).update(display_name="Anna Larsen")

    for query in ("larsen", "reader@exam"):
        found = desk.get(LIST, {"q": query}).content.decode()
        assert reader.email in found
        assert unverified.email not in found


def test_list_takes_as_many_queries_for_many_as_for_one(desk):
    desk.get(LIST)
    with CaptureQueriesContext(connection) as few:
        desk.get(LIST)
    for _ in range(30):
        make_user(group="Editor")
    with CaptureQueriesContext(connection) as many:
        desk.get(LIST)

    assert len(many) == len(few)


def test_page_shows_no_hash_and_no_way_to_set_one(desk, reader):
    text = desk.get(f"{LIST}{reader.pk}/change/").content.decode()

    assert reader.password not in text
    assert 'name="password"' not in text
    assert reader.email in text


def test_superuser_assigns_groups(desk, reader):
    group = Group.objects.get(name="Moderator")

    response = desk.post(f"{LIST}{reader.pk}/change/", form_of(reader, is_staff="on", groups=[group.pk]))

    assert response.status_code == 302
    reader.refresh_from_db()
    assert reader.is_staff
    assert list(reader.groups.all()) == [group]


def test_renaming_goes_through_the_door_for_public_writes(desk, reader, monkeypatch):
    monkeypatch.setitem(
        invalidation.providers, User, [lambda user: [f"/shows/{user.display_name or 'nobody'}/"]]
    )

    desk.post(f"{LIST}{reader.pk}/change/", form_of(reader, display_name="New"))

    assert Purge.objects.get().paths == ["/shows/New/", "/shows/nobody/"]


def test_clerk_cannot_hand_out_rights(clerk, reader):
    clerk.post(
        f"{LIST}{reader.pk}/change/",
        form_of(reader, is_staff="on", is_superuser="on", display_name="Renamed"),
    )

    reader.refresh_from_db()
    assert (reader.display_name, reader.is_staff, reader.is_superuser) == ("Renamed", False, False)


def test_clerk_cannot_touch_a_superuser(clerk, boss):
    assert clerk.post(f"{LIST}{boss.pk}/change/", form_of(boss, display_name="Fool")).status_code == 403
    assert clerk.post(f"{LIST}{boss.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_is_added_here(desk):
    assert desk.get(f"{LIST}add/").status_code == 403


def test_action_confirms_addresses(desk, unverified, reader):
    response = desk.post(
        LIST, {"action": "confirm_addresses", "_selected_action": [unverified.pk, reader.pk]}, follow=True
    )

    assert unverified.is_verified
    assert "1 address is confirmed." in response.content.decode()


def test_action_does_not_confirm_what_another_account_has(desk, reader):
    squatter = make_user(reader.email, verified=False)

    response = desk.post(
        LIST, {"action": "confirm_addresses", "_selected_action": [squatter.pk]}, follow=True
    )

    assert not squatter.is_verified
    assert "0 addresses are confirmed." in response.content.decode()


def test_deleting_is_erasure(desk, reader, monkeypatch):
    erased = []
    monkeypatch.setattr("accounts.erasure.erasure_steps", [erased.append])

    desk.post(f"{LIST}{reader.pk}/delete/", {"post": "yes"})
    one_more = make_user()
    desk.post(LIST, {"action": "delete_selected", "_selected_action": [one_more.pk], "post": "yes"})

    assert len(erased) == 2
    assert list(User.objects.values_list("email", flat=True)) == ["boss@example.org"]


def test_every_registered_model_keeps_hashes_to_itself():
    for model_admin in admin.site._registry.values():
        shown = str(model_admin.list_display) + str(model_admin.fields) + str(model_admin.fieldsets)
        assert "password" not in shown
        assert "session_key" not in shown

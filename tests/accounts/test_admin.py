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
def superuser(db) -> User:
    return User.objects.create_superuser("boss@example.org", "correct horse battery staple")


@pytest.fixture
def admin_client(superuser, client_of) -> Client:
    return client_of(superuser)


@pytest.fixture
def staff_client(editor, client_of) -> Client:
    """The browser of staff who may edit users, but is no superuser."""
    editor.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="accounts", content_type__model="user")
    )
    return client_of(editor)


def form_of(user: User, **changes) -> dict:
    fields = {"display_name": user.display_name, "language": user.language, "is_active": "on"}
    return {**fields, "emailaddress_set-TOTAL_FORMS": "0", "emailaddress_set-INITIAL_FORMS": "0", **changes}


def test_admin_login_is_the_public_login(stranger):
    response = stranger.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert "<h1>Log in</h1>" in response.content.decode()


def test_admin_password_page_is_the_public_one(admin_client):
    assert admin_client.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"


def test_admin_login_refuses_readers(reader, client_of):
    assert client_of(reader).get("/admin/login/").status_code == 403


@pytest.mark.parametrize("actor", ["author", "editor", "moderator"])
def test_staff_without_permission_cannot_list_users(actor, request, client_of):
    assert client_of(request.getfixturevalue(actor)).get(LIST).status_code == 403


@pytest.mark.parametrize("model", ["account/emailaddress", "mfa/authenticator", "usersessions/usersession"])
def test_keys_and_secrets_have_no_admin_page(admin_client, model):
    assert admin_client.get(f"/admin/{model}/").status_code == 404


def test_list_filters_by_verified_address(admin_client, reader, unverified):
    both = admin_client.get(LIST).content.decode()
    confirmed, waiting = (
        admin_client.get(LIST, {"verified": value}).content.decode() for value in ("yes", "no")
    )

    assert reader.email in both
    assert unverified.email in both
    assert reader.email in confirmed
    assert unverified.email not in confirmed
    assert reader.email not in waiting
    assert unverified.email in waiting


def test_list_searches_name_and_address(admin_client, reader, unverified):
    User.objects.filter(pk=reader.pk).update(display_name="Anna Larsen")

    for query in ("larsen", "reader@exam"):
        text = admin_client.get(LIST, {"q": query}).content.decode()
        assert reader.email in text
        assert unverified.email not in text


def test_list_takes_as_many_queries_for_many_as_for_one(admin_client):
    admin_client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(LIST)
    for _ in range(30):
        make_user(group="Editor")
    with CaptureQueriesContext(connection) as many:
        admin_client.get(LIST)

    assert len(many) == len(few)


def test_page_shows_no_hash_and_no_way_to_set_one(admin_client, reader):
    text = admin_client.get(f"{LIST}{reader.pk}/change/").content.decode()

    assert reader.password not in text
    assert 'name="password"' not in text
    assert reader.email in text


def test_superuser_assigns_groups(admin_client, reader):
    group = Group.objects.get(name="Moderator")

    response = admin_client.post(
        f"{LIST}{reader.pk}/change/", form_of(reader, is_staff="on", groups=[group.pk])
    )

    assert response.status_code == 302
    reader.refresh_from_db()
    assert reader.is_staff
    assert list(reader.groups.all()) == [group]


def test_renaming_is_a_public_write(admin_client, reader, monkeypatch):
    monkeypatch.setitem(
        invalidation.providers, User, [lambda user: [f"/shows/{user.display_name or 'nobody'}/"]]
    )

    admin_client.post(f"{LIST}{reader.pk}/change/", form_of(reader, display_name="New"))

    assert Purge.objects.get().paths == ["/shows/New/", "/shows/nobody/"]


def test_staff_cannot_grant_rights(staff_client, reader):
    staff_client.post(
        f"{LIST}{reader.pk}/change/",
        form_of(reader, is_staff="on", is_superuser="on", display_name="Renamed"),
    )

    reader.refresh_from_db()
    assert (reader.display_name, reader.is_staff, reader.is_superuser) == ("Renamed", False, False)


def test_staff_cannot_edit_or_delete_a_superuser(staff_client, superuser):
    assert (
        staff_client.post(
            f"{LIST}{superuser.pk}/change/", form_of(superuser, display_name="Fool")
        ).status_code
        == 403
    )
    assert staff_client.post(f"{LIST}{superuser.pk}/delete/", {"post": "yes"}).status_code == 403


def test_users_cannot_be_added(admin_client):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}add/", {"email": "new@example.org"}).status_code == 403
    assert not User.objects.filter(email="new@example.org").exists()


def test_action_confirms_addresses(admin_client, unverified, reader):
    response = admin_client.post(
        LIST, {"action": "confirm_addresses", "_selected_action": [unverified.pk, reader.pk]}, follow=True
    )

    assert unverified.is_verified
    assert "1 address is confirmed." in response.content.decode()


def test_action_does_not_confirm_an_address_that_another_account_has_verified(admin_client, reader):
    squatter = make_user(reader.email, verified=False)

    response = admin_client.post(
        LIST, {"action": "confirm_addresses", "_selected_action": [squatter.pk]}, follow=True
    )

    assert not squatter.is_verified
    assert "0 addresses are confirmed." in response.content.decode()


def test_deleting_is_erasure(admin_client, reader, monkeypatch):
    erased = []
    monkeypatch.setattr("accounts.erasure.erasure_steps", [erased.append])

    admin_client.post(f"{LIST}{reader.pk}/delete/", {"post": "yes"})
    one_more = make_user()
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [one_more.pk], "post": "yes"})

    assert len(erased) == 2
    assert list(User.objects.values_list("email", flat=True)) == ["boss@example.org"]


def test_no_registered_model_shows_password_or_session_key():
    for model_admin in admin.site._registry.values():
        columns = str(model_admin.list_display) + str(model_admin.fields) + str(model_admin.fieldsets)
        assert "password" not in columns
        assert "session_key" not in columns

import json

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.urls import reverse

from accounts import display_names, hooks
from accounts.erasure import erase_account
from accounts.forms import ProfileForm
from accounts.models import User
from ictiger.core.lookalikes import skeleton
from ictiger.mail.models import Mail
from ictiger.pagecache import invalidation
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from tests.factories import make_author, make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

PROFILE, DATA, DELETE = "/accounts/me/", "/accounts/me/data/", "/accounts/me/delete/"


def test_profile_saves_name_and_language(reader, client_of):
    response = client_of(reader).post(
        PROFILE, {"display_name": "  Anna\u3000 Larsen ", "language": "zh-hans"}, follow=True
    )

    reader.refresh_from_db()
    assert (reader.display_name, reader.language) == ("Anna Larsen", "zh-hans")
    assert "Saved." in response.content.decode()


def test_profile_offers_mail_choices_and_lists_mandatory_mails(reader, client_of):
    client = client_of(reader)
    page = client.get(PROFILE).content.decode()
    assert '<input type="checkbox" name="mail_replies" ' in page
    assert "Tell me when somebody replies to my comment" in page
    assert "Mails that confirm your address or protect your account always come." in page

    for sent, expected in (({}, False), ({"mail_replies": "on"}, True)):
        client.post(PROFILE, {"display_name": "", "language": "en", **sent})
        reader.refresh_from_db()
        assert reader.mail_replies is expected
        assert json.loads(client.get(DATA).getvalue())["account"]["mails about replies"] is expected


def test_profile_name_is_saved_in_a_public_write(reader, client_of, monkeypatch):
    """Pages that show the name are purged: a page that the test registers."""
    monkeypatch.setitem(
        invalidation.providers, User, [lambda user: [f"/shows/{user.display_name or 'nobody'}/"]]
    )

    client_of(reader).post(PROFILE, {"display_name": "New", "language": "en"})

    assert Purge.objects.get().paths == ["/shows/New/", "/shows/nobody/"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("x" * 41, "at most 40 characters"),
        ("An\u200bna", "characters that cannot be seen"),
        ("Anna\u202e", "characters that cannot be seen"),
        ("\u3164", "characters that cannot be seen"),
        ("Editor\u3164", "characters that cannot be seen"),
        ("Anna\u2800", "characters that cannot be seen"),
        ("Anna\ufe0f", "characters that cannot be seen"),
        ("Z\u0300\u0301\u0302\u0303algo", "more accents on one letter"),
        ("An\x00na", "Null characters are not allowed."),
        ("…!?", "at least one letter"),
        ("anna@example.org", "An address is not a name."),
        ("evil.example/buy", "An address is not a name."),
        ("Аnna", "alphabets whose letters look alike"),
        ("Moderator", "that of our staff"),
        ("ＩＣＴｉｇｅｒ", "that of our staff"),
        ("The ICTiger team", "that of our staff"),
        ("管理员", "that of our staff"),
        ("Li  Wéi", "that of our staff"),
    ],
)
def test_profile_refuses_a_name_with_an_error_at_its_field(reader, client_of, name, error):
    make_user("staff@example.org", group="Editor", display_name="Li Wei")

    response = client_of(reader).post(PROFILE, {"display_name": name, "language": "en"})

    assert response.status_code == 200
    assert error in response.content.decode()
    reader.refresh_from_db()
    assert reader.display_name == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        "李雷",
        "Anna 李",
        "Zoë O’Neill-García",
        "Анна",
        "R2-D2",
        "Nguyễn Thị Ộ",
        "שָׁלוֹם",
        "สมชาย ที่นี้",
    ],
)
def test_profile_accepts_names_of_many_scripts(reader, client_of, name):
    assert client_of(reader).post(PROFILE, {"display_name": name, "language": "en"}).status_code == 302
    reader.refresh_from_db()
    assert reader.display_name == name


def test_staff_may_have_a_reserved_name(editor, client_of):
    assert client_of(editor).post(PROFILE, {"display_name": "Editor", "language": "en"}).status_code == 302


@pytest.mark.parametrize(
    "name", ["Lin Yuqing", "LIN-YUQING", "林雨青", "Lín Yuqíng", "Iin Yuqing", "1in Yuqing"]
)
def test_profile_refuses_the_name_of_an_author(reader, client_of, name):
    make_author(name_en="Lin Yuqing", name_zh="林雨青")

    response = client_of(reader).post(PROFILE, {"display_name": name, "language": "en"})

    assert "that of our staff" in response.content.decode()


def test_author_may_have_their_byline_as_name(reader, client_of):
    byline = make_author(name_en="Lin Yuqing", name_zh="林雨青")
    with public_write(byline):
        byline.user = reader
        byline.save()

    assert (
        client_of(reader).post(PROFILE, {"display_name": "Lin Yuqing", "language": "en"}).status_code == 302
    )


@pytest.mark.parametrize("name", ["Соре", "COPE", "Cορе", "С0РЕ"])
def test_profile_refuses_letters_of_another_alphabet_that_look_like_a_staff_name(reader, client_of, name):
    """Some are wholly Cyrillic, so no alphabets are mixed; all look like Cope."""
    make_user("staff@example.org", group="Editor", display_name="Cope")

    response = client_of(reader).post(PROFILE, {"display_name": name, "language": "en"})

    assert ("that of our staff" in response.content.decode()) or (
        "alphabets whose letters look alike" in response.content.decode()
    )


def test_profile_refuses_an_unknown_language(reader, client_of):
    response = client_of(reader).post(PROFILE, {"display_name": "Anna", "language": "tlh"})

    assert "tlh is not one of the available choices" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna van Larsen", "AL"),
        ("anna", "A"),
        ("李雷", "李"),
        ("李 雷", "李"),
        ("“Zoë” O’Neill", "ZO"),
        ("…", ""),
        ("Анна", "А"),
        ("", "R1"),
    ],
)
def test_profile_shows_initials_as_the_avatar(reader, client_of, name, expected):
    User.objects.filter(pk=reader.pk).update(display_name=name)
    expected = f"R{str(reader.pk)[0]}" if not name else expected

    assert (
        f'<span class="avatar" aria-hidden="true">{expected}</span>'
        in client_of(reader).get(PROFILE).content.decode()
    )


def test_skeleton_drops_case_width_accents_and_spacing():
    assert display_names.skeleton("Ｌｉ  Wéi.") == display_names.skeleton("li-wei")


def test_takeout_is_one_file_with_every_apps_section(reader, client_of, monkeypatch):
    monkeypatch.setitem(
        hooks.takeout_sections, "letters", lambda user: [{"to": user.email, "at": user.date_joined}]
    )

    response = client_of(reader).get(DATA)

    assert response.headers["Content-Disposition"] == 'attachment; filename="ictiger-data.json"'
    assert response.headers["Cache-Control"] == "private, no-store"
    takeout = json.loads(response.getvalue())
    assert takeout["account"]["e-mail address"] == "reader@example.org"
    assert takeout["addresses"] == [{"email": "reader@example.org", "verified": True, "primary": True}]
    assert takeout["letters"][0]["to"] == "reader@example.org"


def test_takeout_has_no_data_of_others_and_no_secret(reader, unverified, client_of):
    client = client_of(reader)
    text = client.get(DATA).getvalue().decode()

    assert unverified.email not in text
    assert reader.password not in text
    assert client.session.session_key not in text


def reauthenticated(client):
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_erasure_asks_for_the_password_first(reader, client_of):
    client = client_of(reader)

    assert client.get(DELETE).headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert client.post(DELETE).headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert User.objects.filter(pk=reader.pk).exists()


def test_erasure_needs_a_post(reader, client_of):
    text = reauthenticated(client_of(reader)).get(DELETE).content.decode()

    assert "Delete for good" in text
    assert User.objects.filter(pk=reader.pk).exists()


def test_erasure_deletes_everything_and_sends_a_mail(reader, stranger, mailbox):
    stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
    assert UserSession.objects.filter(user=reader).count() == 1

    response = reauthenticated(stranger).post(DELETE)

    assert response.headers["Location"] == reverse("articles:home")
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert [mail.context["event"] for mail in Mail.objects.all()] == ["erased"]
    assert "have been deleted, as you asked" in mailbox("reader@example.org")[0].body
    assert "Your account has been deleted." in stranger.get("/me/bar/").content.decode()


def test_erasure_runs_every_step_before_the_row_is_deleted(reader, client_of, monkeypatch):
    user_exists = []
    monkeypatch.setattr(
        "accounts.erasure.erasure_steps",
        [lambda user: user_exists.append(User.objects.filter(pk=user.pk).exists())],
    )

    reauthenticated(client_of(reader)).post(DELETE)

    assert user_exists == [True]


def test_erasure_with_a_failing_step_erases_nothing(reader, client_of, monkeypatch):
    def fail(user):
        raise RuntimeError("no")

    monkeypatch.setattr("accounts.erasure.erasure_steps", [fail])

    with pytest.raises(RuntimeError):
        reauthenticated(client_of(reader)).post(DELETE)
    assert User.objects.filter(pk=reader.pk).exists()


def test_erasure_is_refused_for_staff(editor, client_of):
    client = reauthenticated(client_of(editor))

    assert "Hand over first" in client.get(DELETE).content.decode()
    assert client.post(DELETE).status_code == 403
    assert User.objects.filter(pk=editor.pk).exists()


def test_save_changes_no_column_that_the_form_does_not_show(reader):
    """A hand-over, or a change at the desk, that was committed while the form waited for the row stays."""
    stale = User.objects.get(pk=reader.pk)
    User.objects.filter(pk=reader.pk).update(
        password="!new", is_active=False, pending_content_unconfirmed=True
    )
    form = ProfileForm({"display_name": "Anna", "language": "en"}, instance=stale)
    assert form.is_valid()
    with public_write(stale):
        form.save()
    reader.refresh_from_db()
    assert (reader.display_name, reader.name_skeleton) == ("Anna", skeleton("Anna"))
    assert (reader.password, reader.is_active, reader.pending_content_unconfirmed) == ("!new", False, True)


def test_save_does_not_bring_an_erased_account_back(reader):
    stale = User.objects.get(pk=reader.pk)
    form = ProfileForm({"display_name": "Anna", "language": "en"}, instance=stale)
    assert form.is_valid()
    erase_account(reader)
    with pytest.raises(DatabaseError), public_write():
        form.save()
    assert not User.objects.filter(pk=stale.pk).exists()

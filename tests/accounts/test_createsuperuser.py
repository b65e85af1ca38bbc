import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "boss@example.org", "correct horse battery staple"


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", EMAIL)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    return monkeypatch


def type_in(monkeypatch, *, emails: list[str], passwords: list[str]) -> None:
    monkeypatch.setattr("builtins.input", lambda _prompt: emails.pop(0))
    monkeypatch.setattr("getpass.getpass", lambda _prompt: passwords.pop(0))


def test_noinput_creates_a_superuser_who_can_open_the_admin(environment, stranger, capsys):
    call_command("createsuperuser", interactive=False)

    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser, user.is_verified) == (EMAIL, True, True, True)
    assert capsys.readouterr().out == f"Superuser {EMAIL} is there.\n"
    stranger.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert stranger.get("/admin/").status_code == 200


def test_email_option_wins_over_the_environment(environment):
    call_command("createsuperuser", "--noinput", "--email", "Other@Example.org")

    assert User.objects.get().email == "other@example.org"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("EMAIL", "", "An e-mail address is needed"),
        ("EMAIL", "boss", "Enter a valid email address."),
        ("PASSWORD", "", "A password is needed"),
        ("PASSWORD", "short", "too short"),
    ],
)
def test_noinput_with_invalid_input_is_a_command_error(environment, variable, value, message):
    environment.setenv(f"DJANGO_SUPERUSER_{variable}", value)

    with pytest.raises(CommandError, match=message):
        call_command("createsuperuser", interactive=False)
    assert not User.objects.exists()


def test_an_address_that_is_taken_is_refused(environment):
    make_user(EMAIL)

    with pytest.raises(CommandError, match="An account has this address already"):
        call_command("createsuperuser", interactive=False)


def test_an_unverified_account_with_the_address_is_no_obstacle(environment):
    make_user(EMAIL, verified=False)

    call_command("createsuperuser", interactive=False)

    assert User.objects.reachable_at(EMAIL).is_superuser


def test_prompts_for_address_and_password_until_they_are_valid(monkeypatch, capsys):
    monkeypatch.delenv("DJANGO_SUPERUSER_EMAIL", raising=False)
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)
    type_in(
        monkeypatch,
        emails=["boss", EMAIL],
        passwords=["one password", "another", "short", "short", PASSWORD, PASSWORD],
    )

    call_command("createsuperuser")

    assert User.objects.get().check_password(PASSWORD)
    errors = capsys.readouterr().err
    assert "Enter a valid email address." in errors
    assert "The two passwords are not the same." in errors
    assert "too short" in errors


@pytest.mark.parametrize(
    ("interruption", "message"), [(EOFError, "nobody to ask here"), (KeyboardInterrupt, "Given up")]
)
def test_interrupted_prompt_is_a_command_error(monkeypatch, interruption, message):
    def interrupted(_prompt):
        raise interruption

    monkeypatch.setattr("builtins.input", interrupted)
    with pytest.raises(CommandError, match=message):
        call_command("createsuperuser")
    assert not User.objects.exists()

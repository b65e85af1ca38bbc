"""`createsuperuser` for accounts whose log-in is an e-mail address.

Django's command asks for USERNAME_FIELD, which is an internal UUID in this project. And it creates no
verified EmailAddress, without which the superuser would be one of several accounts that may have signed up
with the address.
"""

import getpass
import os
from argparse import ArgumentParser
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.models import User


class Command(BaseCommand):
    help = (
        "Make a superuser with a verified address. "
        "--noinput takes DJANGO_SUPERUSER_EMAIL (or --email) and DJANGO_SUPERUSER_PASSWORD."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="The address to log in with.")
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing."
        )

    def handle(self, *, email: str | None, interactive: bool, **options) -> None:
        email = email or os.environ.get("DJANGO_SUPERUSER_EMAIL", "")
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
        try:
            if interactive and not email:
                email = self._ask(usable_email, lambda: input("E-mail address: "))
            email = usable_email(email)
            if interactive and not password:
                password = self._ask(usable_password, prompt_password)
            usable_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except EOFError:
            raise CommandError(
                "There is nobody to ask here. Run it on a terminal, or with --noinput."
            ) from None
        except KeyboardInterrupt:
            raise CommandError("Given up: nobody was made a superuser.") from None
        User.objects.create_superuser(email, password)
        self.stdout.write(f"Superuser {email} is there.")

    def _ask(self, validate: Callable[[str], str], prompt: Callable[[], str]) -> str:
        """Prompt until the input is valid; return it as `validate` does."""
        while True:
            try:
                return validate(prompt())
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))


def usable_email(email: str) -> str:
    """The normalized address. Raises ValidationError for an invalid one, or one that an account has verified
    already.
    """
    if not email:
        raise ValidationError("An e-mail address is needed: DJANGO_SUPERUSER_EMAIL or --email.")
    email = get_adapter().clean_email(email.strip())
    validate_email(email)
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        raise ValidationError("An account has this address already.")
    return email


def usable_password(password: str) -> str:
    """`password` as it is. Raises ValidationError where Django's validators refuse it."""
    if not password:
        raise ValidationError("A password is needed: DJANGO_SUPERUSER_PASSWORD.")
    validate_password(password)
    return password


def prompt_password() -> str:
    """Read the password twice from the terminal. Raises ValidationError when the two differ."""
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password (again): "):
        raise ValidationError("The two passwords are not the same.")
    return password

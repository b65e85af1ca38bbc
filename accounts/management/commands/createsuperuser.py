"""`createsuperuser`, asking for what a person can answer.

Django's own asks for USERNAME_FIELD, which here is an internal UUID; and it makes no verified EmailAddress, without which the new
superuser could not be told from a stranger with the same address.
"""

import getpass
import os
from argparse import ArgumentParser

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.models import User


class Command(BaseCommand):
    help = "Make a superuser with a verified address. --noinput takes DJANGO_SUPERUSER_EMAIL (or --email) and DJANGO_SUPERUSER_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="The address to log in with.")
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing."
        )

    def handle(self, *, email: str | None, interactive: bool, **options) -> None:
        email = email or os.environ.get("DJANGO_SUPERUSER_EMAIL", "")
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
        try:
            email = (
                usable_email(email)
                if email or not interactive
                else ask(self, usable_email, lambda: input("E-mail address: "))
            )
            password = (
                password
                if not interactive and not password
                else password or ask(self, usable_password, ask_password)
            )
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


def usable_email(email: str) -> str:
    """Raises ValidationError for what is no address, or one that an account has verified already."""
    if not email:
        raise ValidationError("An e-mail address is needed: DJANGO_SUPERUSER_EMAIL or --email.")
    email = get_adapter().clean_email(email.strip())
    validate_email(email)
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        raise ValidationError("An account has this address already.")
    return email


def usable_password(password: str) -> str:
    if not password:
        raise ValidationError("A password is needed: DJANGO_SUPERUSER_PASSWORD.")
    validate_password(password)
    return password


def ask_password() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password (again): "):
        raise ValidationError("The two passwords are not the same.")
    return password


def ask(command: BaseCommand, check, question) -> str:
    """Ask until the answer is one that can be used."""
    while True:
        try:
            return check(question())
        except ValidationError as error:
            command.stderr.write(" ".join(error.messages))

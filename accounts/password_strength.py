"""Refuses passwords that are easy to guess, by zxcvbn (D. Wheeler, USENIX Security 2016): lists of common
passwords, names and words, their usual spellings, dates, sequences and patterns of keys.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

from .models import User

MIN_SCORE = 2  # of 4: about a million guesses and more
SCORED_LENGTH = 72  # characters; the time that scoring takes grows with their square
MAX_LENGTH = 1_000  # characters; hashing more costs the server for nothing
# What readers of this site, and in Chinese, would think of first and zxcvbn does not know.
SITE_WORDS = (
    "ictiger",
    "patent",
    "woaini",
    "woaiwojia",
    "zhongguo",
    "beijing",
    "1314520",
    "5201314",
    "woaini1314",
)


class GuessablePasswordValidator:
    """A password validator of Django (AUTH_PASSWORD_VALIDATORS)."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > MAX_LENGTH:
            message = _("A password can have at most %(count)s characters.") % {"count": MAX_LENGTH}
            raise ValidationError(message, code="password_too_long")
        score = zxcvbn(password[:SCORED_LENGTH], user_inputs=_known_words(user))["score"]
        if score < MIN_SCORE:
            raise ValidationError(
                _("This password is easy to guess. Take several words, or a longer one."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("Not one that is easy to guess: take several words.")


def _known_words(user: User | None) -> list[str]:
    """What anybody can know of the user and of the site."""
    words = [*SITE_WORDS, settings.SITE_NAME.lower()]
    if user is not None:
        local_part, _at, domain = user.email.partition("@")
        names = user.display_name.split()
        words += [local_part, domain, domain.partition(".")[0], user.display_name, "".join(names), *names]
    return [word.lower() for word in words if word]

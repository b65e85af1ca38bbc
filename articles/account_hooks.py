"""What articles register with accounts. Imported once, by the app's configuration."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from accounts.hooks import exempt_from_cleanup, reserves_names
from accounts.models import User

from .models import Author


@exempt_from_cleanup
def byline_accounts() -> QuerySet:
    """Accounts of authors."""
    return Author.objects.exclude(user=None).values("user")


@reserves_names
def author_names(user: User) -> Iterator[str]:
    """The names of other authors, in both languages.

    Authors without an account could not object to a namesake.
    """
    others = Author.objects.filter(Q(user=None) | ~Q(user=user))
    for names in others.values_list("name_en", "name_zh"):
        yield from filter(None, names)

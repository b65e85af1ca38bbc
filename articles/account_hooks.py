"""What accounts must know of authors. Imported once, by the app's configuration."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from accounts.hooks import exempt_from_cleanup, reserves_names
from accounts.models import User

from .models import Author


@exempt_from_cleanup
def byline_accounts() -> QuerySet:
    return Author.objects.exclude(user=None).values("user")


@reserves_names
def author_names(user: User) -> Iterator[str]:
    """Of authors without a log-in too: they are the ones who could not object."""
    for in_both_languages in Author.objects.filter(Q(user=None) | ~Q(user=user)).values_list(
        "name_en", "name_zh"
    ):
        yield from filter(None, in_both_languages)

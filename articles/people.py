"""What accounts must know of authors. Imported once, by the app's configuration."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.registries import keeps_accounts, knows_names

from .models import Author


@keeps_accounts
def accounts_with_a_byline() -> QuerySet:
    return Author.objects.exclude(user=None).values("user")


@knows_names
def names_above_articles(user: User) -> Iterator[str]:
    """Of authors without a log-in too: they are the ones who could not object."""
    for in_both_languages in Author.objects.filter(Q(user=None) | ~Q(user=user)).values_list("name_en", "name_zh"):
        yield from filter(None, in_both_languages)

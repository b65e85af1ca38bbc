"""What accounts must know of authors. Imported once, by the app's configuration."""

from django.db.models import QuerySet

from accounts.registries import keeps_accounts

from .models import Author


@keeps_accounts
def accounts_with_a_byline() -> QuerySet:
    return Author.objects.exclude(user=None).values("user")

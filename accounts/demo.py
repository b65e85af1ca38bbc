"""The people of the demo publication. Their addresses are in a domain that cannot receive mail."""

from datetime import UTC, datetime

from django.contrib.auth.models import Group
from django.db import transaction

from .models import User

DOMAIN = "ictiger.example"
JOINED = datetime(
    2026, 3, 2, 9, tzinfo=UTC
)  # before anything that they write; who is not verified has come just now

# Who may be tried out, with the one password that quickstart prints.
LOGINS = ("editor", "moderator", "deputy", "author", "reader", "newcomer")

# name: (display name, language, group, verified). Whoever has no log-in is there for the discussions.
PEOPLE = {
    "editor": ("The editor", "en", "Editor", True),
    "moderator": ("The moderator", "en", "Moderator", True),
    "deputy": ("值班版主", "zh-hans", "Moderator", True),
    "author": ("Lin Yuqing", "en", "Author", True),
    "reader": ("Careful Reader", "en", "", True),
    "newcomer": ("", "en", "", False),
    "examiner": ("Former examiner", "en", "", True),
    "engineer": ("深圳工程师", "zh-hans", "", True),
    "lender": ("Branch lender", "en", "", True),
    "student": ("法学院三年级", "zh-hans", "", True),
    "counsel": ("In-house counsel", "en", "", True),
    "founder": ("Hardware founder", "en", "", True),
    "peddler": ("Quick Translations", "en", "", True),
}


@transaction.atomic
def load_people(*, password: str) -> dict[str, User]:
    """Create the demo people that are not there yet. Returns them all by name; who exists is left as found."""
    return {name: _find(name) or _create(name, password) for name in PEOPLE}


def _find(name: str) -> User | None:
    return User.objects.filter(email=f"{name}@{DOMAIN}").order_by("pk").first()


def _create(name: str, password: str) -> User:
    display_name, language, group, verified = PEOPLE[name]
    user = User.objects.create_user(
        f"{name}@{DOMAIN}",
        password if name in LOGINS else None,
        display_name=display_name,
        language=language,
        is_staff=bool(group),
    )
    if verified:
        user.date_joined = JOINED  # which nobody can say when an account is made
        user.save(update_fields=["date_joined"])
    user.emailaddress_set.create(email=user.email, verified=verified, primary=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user

"""The users of the demo publication. Their addresses are in a domain that cannot receive mail."""

from datetime import UTC, datetime

from django.contrib.auth.models import Group
from django.db import transaction

from .models import User

DOMAIN = "ictiger.example"
# Before anything that they write. Users without a verified address join when they are created.
JOINED = datetime(2026, 3, 2, 9, tzinfo=UTC)

# Accounts with a log-in, all with the one password that quickstart prints.
LOGINS = ("editor", "moderator", "deputy", "author", "reader", "newcomer")

# name: (display name, language, group, verified). Users without a log-in take part in the discussions.
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
    """Create the demo users that do not exist yet and return all by name. Existing ones are not changed."""
    return {name: _find_user(name) or _create_user(name, password) for name in PEOPLE}


def _find_user(name: str) -> User | None:
    return User.objects.filter(email=f"{name}@{DOMAIN}").order_by("pk").first()


def _create_user(name: str, password: str) -> User:
    display_name, language, group, verified = PEOPLE[name]
    user = User.objects.create_user(
        f"{name}@{DOMAIN}",
        password if name in LOGINS else None,
        display_name=display_name,
        language=language,
        is_staff=bool(group),
    )
    if verified:
        user.date_joined = JOINED  # auto_now_add ignores a value given to create_user
        user.save(update_fields=["date_joined"])
    user.emailaddress_set.create(email=user.email, verified=verified, primary=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user

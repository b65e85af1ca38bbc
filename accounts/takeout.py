"""Takeout: everything stored about one user, as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder

from .hooks import takeout_section, takeout_sections
from .models import User


def takeout_json(user: User) -> Iterator[str]:
    """One JSON object with every app's section about `user` by title, in pieces of text: a long section is an
    iterator.
    """
    yield "{"
    for number, (title, make_section) in enumerate(takeout_sections.items()):
        yield f"{',' if number else ''}\n{_to_json(title)}: "
        section = make_section(user)
        yield from _json_list(section) if isinstance(section, Iterator) else [_to_json(section)]
    yield "\n}\n"


def _json_list(items: Iterator) -> Iterator[str]:
    yield "["
    for number, item in enumerate(items):
        yield f"{',' if number else ''}\n{_to_json(item)}"
    yield "\n]"


def _to_json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


@takeout_section("account")
def account_section(user: User) -> dict[str, Any]:
    return {
        "e-mail address": user.email,
        "display name": user.display_name,
        "language": user.language,
        "mails about replies": user.mail_replies,
        "mails about comments turned down": user.mail_decisions,
        "mails about what waits for moderators": user.mail_digest,
        "joined": user.date_joined,
        "last log-in": user.last_login,
        "groups": list(user.groups.values_list("name", flat=True)),
    }


@takeout_section("addresses")
def address_section(user: User) -> list[dict[str, Any]]:
    return list(user.emailaddress_set.order_by("pk").values("email", "verified", "primary"))


@takeout_section("sessions")
def session_section(user: User) -> list[dict[str, Any]]:
    return list(
        UserSession.objects.filter(user=user)
        .order_by("pk")
        .values("created_at", "last_seen_at", "ip", "user_agent")
    )


@takeout_section("second factors")
def mfa_section(user: User) -> list[dict[str, Any]]:
    return list(
        Authenticator.objects.filter(user=user).order_by("pk").values("type", "created_at", "last_used_at")
    )


@takeout_section("mails")
def mail_section(user: User) -> list[dict[str, Any]]:
    return list(user.mails.order_by("pk").values("purpose", "recipient", "state", "created_at", "sent_at"))

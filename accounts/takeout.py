"""Takeout: all that is kept of one person, ready for JSON."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from .models import User
from .registries import takeout_section, takeout_sections


def of(user: User) -> dict[str, Any]:
    """Every app's section about `user`, by title."""
    return {title: section(user) for title, section in takeout_sections.items()}


@takeout_section("account")
def account(user: User) -> dict[str, Any]:
    return {
        "e-mail address": user.email,
        "display name": user.display_name,
        "language": user.language,
        "mails about answers": user.mail_replies,
        "mails about comments turned down": user.mail_decisions,
        "mails about what waits for moderators": user.mail_digest,
        "joined": user.date_joined,
        "last log-in": user.last_login,
        "groups": list(user.groups.values_list("name", flat=True)),
    }


@takeout_section("addresses")
def addresses(user: User) -> list[dict[str, Any]]:
    return list(user.emailaddress_set.order_by("pk").values("email", "verified", "primary"))


@takeout_section("sessions")
def sessions(user: User) -> list[dict[str, Any]]:
    return list(UserSession.objects.filter(user=user).order_by("pk").values("created_at", "last_seen_at", "ip", "user_agent"))


@takeout_section("second factors")
def second_factors(user: User) -> list[dict[str, Any]]:
    return list(Authenticator.objects.filter(user=user).order_by("pk").values("type", "created_at", "last_used_at"))


@takeout_section("mails")
def mails(user: User) -> list[dict[str, Any]]:
    return list(user.mails.order_by("pk").values("purpose", "recipient", "state", "created_at", "sent_at"))

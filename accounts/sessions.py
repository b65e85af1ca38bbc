"""Ending the sessions of an account."""

from django.contrib.sessions.models import Session

from .models import User


def end_sessions(user: User) -> None:
    """Log `user` out in every browser. allauth's usersessions records which sessions are the user's."""
    keys = list(user.usersession_set.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    user.usersession_set.all().delete()

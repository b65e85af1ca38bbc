"""Ending the sessions of an account, with what their readers typed and did in them."""

from django.contrib.sessions.models import Session

from .models import User


def end_sessions(user: User) -> None:
    """Log `user` out in every browser; usersessions knows which sessions are theirs."""
    keys = list(user.usersession_set.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    user.usersession_set.all().delete()

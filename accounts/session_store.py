"""Django's database sessions, read by prepared queries (settings.SESSION_ENGINE)."""

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import Subquery
from django.utils import timezone

from ictiger.core.prepared import PreparedQuery

from .models import User, UserQuerySet

_unexpired_session = PreparedQuery(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), server_side=True
)


def _user_with_session(key: str, now: datetime) -> UserQuerySet:
    """The user recorded as logged in under `key`, with the session's data; None as data once the session has
    expired.
    """
    unexpired = Session.objects.filter(session_key=key, expire_date__gt=now)
    users = User.objects.with_verification().filter(usersession__session_key=key)
    return users.annotate(session_data=Subquery(unexpired.values("session_data"))).order_by()


_user_query = PreparedQuery(_user_with_session, server_side=True)


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """Accept only keys as Django makes them: a cookie may hold what no database accepts."""
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()

    def _get_session_from_db(self) -> Session | None:
        session = (
            _unexpired_session.row(key=self.session_key, now=timezone.now()) if self.session_key else None
        )
        if session is None:
            self._session_key = None
        return session

    def load_with_reader(self) -> User | None:
        """Load the session, unless it is loaded already, together with the user recorded for its key.

        allauth recorded that user at log-in. It saves the query for the user and decides nothing: the
        session's signed data says whose session it is. Returns None where no user is recorded; then the
        session is not loaded either.
        """
        if self.session_key is None or hasattr(self, "_session_cache"):
            return None
        user = _user_query.row(key=self.session_key, now=timezone.now())
        if user is None:
            return None
        data = vars(user).pop("session_data")
        self._session_cache = {} if data is None else self.decode(data)
        if data is None:
            self._session_key = None
        return user

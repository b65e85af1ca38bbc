"""Django's sessions in the database, found by queries that are put together once (settings.SESSION_ENGINE)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import Subquery
from django.utils import timezone

from ictiger.core.prepared import PreparedQuery

from .models import User, UserQuerySet

_unexpired = PreparedQuery(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), server_side=True
)


def _user_with_session(key, now) -> UserQuerySet:
    """Whoever logged in under `key`, with what the session holds now: None once it has ended."""
    alive = Session.objects.filter(session_key=key, expire_date__gt=now)
    found = User.objects.with_verification().filter(usersession__session_key=key)
    return found.annotate(session_data=Subquery(alive.values("session_data"))).order_by()


_user_query = PreparedQuery(_user_with_session, server_side=True)


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """A key as Django makes them: what a cookie holds may be anything, also what no database takes."""
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()

    def _get_session_from_db(self):
        found = _unexpired.row(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found

    def load_with_reader(self) -> User | None:
        """Load the session, where that is still to be done, together with whoever logged in under its key.

        Who that was, allauth has noted. It saves the query for the user, and decides nothing: whose session it is, if anybody's, is told
        by the session itself, which is signed. None where nothing was noted; then nothing is loaded either.
        """
        if self.session_key is None or hasattr(self, "_session_cache"):
            return None
        reader = _user_query.row(key=self.session_key, now=timezone.now())
        if reader is None:
            return None
        data = vars(reader).pop("session_data")
        self._session_cache = {} if data is None else self.decode(data)
        if data is None:
            self._session_key = None
        return reader

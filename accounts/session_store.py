"""Django's database sessions, read by a prepared query (settings.SESSION_ENGINE)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from ictiger.core.prepared import PreparedQuery

_unexpired_session = PreparedQuery(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), server_side=True
)


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

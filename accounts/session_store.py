"""Django's sessions in the database, found by a query that is put together once (settings.SESSION_ENGINE)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from ictiger.compiled import Compiled

_alive = Compiled(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), planned=True)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self):
        found = _alive.row(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found

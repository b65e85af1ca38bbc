"""allauth's log-in, and a user that comes with its standing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Q

from ictiger.core.prepared import PreparedQuery

from .models import User

_with_verification = PreparedQuery(
    lambda pk: User.objects.with_verification().filter(pk=pk), server_side=True
)

_preloaded: ContextVar[User | None] = ContextVar("user_at_hand", default=None)


@contextmanager
def preloaded_user(user: User | None) -> Iterator[None]:
    """Have `user`, just read from the database with its standing, ready for whoever asks the backend for that user in here."""
    token = _preloaded.set(user)
    try:
        yield
    finally:
        _preloaded.reset(token)


class ReaderBackend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        ready = _preloaded.get()
        user = ready if ready is not None and ready.pk == user_id else _with_verification.row(pk=user_id)
        return user if user and self.user_can_authenticate(user) else None

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """Try the account that has proven the address, and the newest of those that have not; one password each, there or not.

        Anybody may sign up with any address. Were the password tried on every account of an address, a stranger could make its log-in
        take minutes; and from the time it takes they could tell whether somebody else has an account with it.
        """
        users = (
            User.objects.with_verification()
            .filter(Q(email=email.lower()) | Q(emailaddress__email=email.lower()))
            .distinct()
        )
        proven = users.filter(emailaddress__email=email.lower(), emailaddress__verified=True).first()
        newest = users.filter(has_proven_mailbox=False).order_by("-pk").first()
        owner, other = self._try(proven, password), self._try(newest, password)
        return owner or other

    def _try(self, user: User | None, password: str) -> User | None:
        if user is None:
            self._mitigate_timing_attack(password)
            self._did_check_password = True
        return self._check_password(user, password)

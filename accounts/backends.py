"""allauth's log-in, and a user that comes with its standing."""

from allauth.account.auth_backends import AuthenticationBackend

from .models import User


class ReaderBackend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        user = User.objects.with_standing().filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

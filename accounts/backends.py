"""allauth's log-in, limited to two accounts per address, and users loaded with their verification status."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Q

from ictiger.core.email_addresses import same_address
from ictiger.core.prepared import PreparedQuery

from .models import User
from .typed_secrets import password_forms

_user_by_id = PreparedQuery(lambda pk: User.objects.with_verification().filter(pk=pk), server_side=True)


class ReaderBackend(AuthenticationBackend):
    """The only authentication backend. Sessions store its path: renaming it would log everybody out."""

    def get_user(self, user_id: int) -> User | None:
        user = _user_by_id.row(pk=user_id)
        return user if user and self.user_can_authenticate(user) else None

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """Try the account that has verified the address and the newest of the others: always two checks.

        Anybody may sign up with any address. If the password were checked against every account of an
        address, an attacker could make its log-in take minutes, and the time taken would reveal whether
        another account with the address exists.
        """
        email = same_address(email)
        users = (
            User.objects.with_verification().filter(Q(email=email) | Q(emailaddress__email=email)).distinct()
        )
        verified = users.filter(emailaddress__email=email, emailaddress__verified=True).first()
        newest = users.filter(has_verified_address=False).order_by("-pk").first()
        owner, newcomer = self._check(verified, password), self._check(newest, password)
        return owner or newcomer

    def _mitigate_timing_attack(self, password: str) -> None:
        """Hash as often as User.check_password() does for an account that exists."""
        for _form in password_forms(password):
            super()._mitigate_timing_attack(password)

    def _check(self, user: User | None, password: str) -> User | None:
        """`user` if the password is right. Without a user, hash it anyway: the time must be equal."""
        if user is None:
            self._mitigate_timing_attack(password)
            self._did_check_password = True
        return self._check_password(user, password)

"""Which users decide about comments."""

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.models import User

from .models import MODERATE_CODENAME


def moderators() -> QuerySet[User]:
    """All users who can decide about comments in the admin, superusers included."""
    return User.objects.filter(Q(is_superuser=True) | _has_permission(), is_active=True, is_staff=True)


def group_moderators() -> QuerySet[User]:
    """Users whose task it is: they have the permission, usually by a group, and not only as superusers."""
    return User.objects.filter(_has_permission(), is_active=True, is_staff=True)


def _has_permission() -> Q:
    permission = Permission.objects.filter(content_type__app_label="comments", codename=MODERATE_CODENAME)
    by_group = User.objects.filter(groups__permissions__in=permission).values("pk")
    directly = User.objects.filter(user_permissions__in=permission).values("pk")
    return Q(pk__in=by_group) | Q(pk__in=directly)

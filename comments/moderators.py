"""Who decides about comments."""

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.models import User


def moderators() -> QuerySet[User]:
    """Everybody who can decide at the desk today, administrators among them."""
    return User.objects.filter(Q(is_superuser=True) | _may_moderate(), is_active=True, is_staff=True)


def group_moderators() -> QuerySet[User]:
    """Those whose task it is: they have the right themselves or by a group, not by having all rights."""
    return User.objects.filter(_may_moderate(), is_active=True, is_staff=True)


def _may_moderate() -> Q:
    permission = Permission.objects.filter(content_type__app_label="comments", codename="moderate_comment")
    in_group = User.objects.filter(groups__permissions__in=permission).values("pk")
    in_person = User.objects.filter(user_permissions__in=permission).values("pk")
    return Q(pk__in=in_group) | Q(pk__in=in_person)

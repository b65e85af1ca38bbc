"""Who may do what at the desk, and what its forms offer them."""

from django.http import HttpRequest

from comments.models import Reason

from .forms import BAN_PERIODS

MODERATE_PERMISSION = "comments.moderate_comment"
BAN_PERMISSION = "comments.add_ban"


def permission_choices(request: HttpRequest) -> dict:
    """What the forms of a row offer to who is asking."""
    return {
        "may_moderate": request.user.has_perm(MODERATE_PERMISSION),
        "may_ban": request.user.has_perm(BAN_PERMISSION),
        "reasons": list(Reason.objects.active()),
        "bans": BAN_PERIODS,
        "here": request.get_full_path(),
    }

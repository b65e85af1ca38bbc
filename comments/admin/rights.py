"""Who may do what at the desk, and what its forms offer them."""

from django.http import HttpRequest

from comments.models import Reason

from .forms import BANS

MODERATE = "comments.moderate_comment"
BAN = "comments.add_ban"


def choices(request: HttpRequest) -> dict:
    """What the forms of a row offer to who is asking."""
    return {
        "may_moderate": request.user.has_perm(MODERATE),
        "may_ban": request.user.has_perm(BAN),
        "reasons": list(Reason.objects.active()),
        "bans": BANS,
        "here": request.get_full_path(),
    }

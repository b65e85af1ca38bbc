"""Permissions of moderators, and what the forms of a row offer by them."""

from django.http import HttpRequest

from comments.models import MODERATE_CODENAME, Reason

from .forms import BAN_PERIODS

MODERATE_PERMISSION = f"comments.{MODERATE_CODENAME}"
BAN_PERMISSION = "comments.add_ban"


def row_form_context(request: HttpRequest, return_url: str = "") -> dict:
    """Template context of a row's forms. They lead back to `return_url`, by default to the page requested."""
    return {
        "may_moderate": request.user.has_perm(MODERATE_PERMISSION),
        "may_ban": request.user.has_perm(BAN_PERMISSION),
        "reasons": list(Reason.objects.active()),
        "ban_periods": BAN_PERIODS,
        "return_url": return_url or request.get_full_path(),
    }

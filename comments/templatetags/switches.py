"""What the desk shows above everything while a switch for the whole site is not open."""

from django import template

from comments.models import SiteCommentSettings
from comments.policy import Switch

register = template.Library()


@register.inclusion_tag("admin/comments/switch_notice.html")
def switch_notice() -> dict:
    return {
        "house": SiteCommentSettings.objects.exclude(switch=Switch.OPEN).select_related("switched_by").first()
    }

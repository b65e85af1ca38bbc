"""The notice at the top of the admin while the emergency switch of the whole site is not open."""

from django import template

from comments.models import SiteCommentSettings
from comments.policy import Switch

register = template.Library()


@register.inclusion_tag("admin/comments/switch_notice.html")
def switch_notice() -> dict:
    """Show the notice; nothing while the switch is open."""
    switched = SiteCommentSettings.objects.exclude(switch=Switch.OPEN)
    return {"site_settings": switched.select_related("switched_by").first()}

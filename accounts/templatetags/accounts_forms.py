"""What our form templates need beyond crispy's own filters."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def without_placeholder(field: BoundField) -> SafeString:
    """The field's control. allauth repeats every label as a placeholder; the label above says it already, and does not vanish."""
    return field.as_widget(attrs={"placeholder": False})

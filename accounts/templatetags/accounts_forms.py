"""Filters of our form templates beside crispy's."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def without_placeholder(field: BoundField) -> SafeString:
    """The field's widget without the placeholder, in which allauth repeats the label. The label above the
    field is enough.
    """
    return field.as_widget(attrs={"placeholder": False})

"""Private names of frameworks that the discussion stands on, with the reason for each.

An upgrade that drops one fails here.

Tried with Django 5.2 and django-allauth 65.21.
"""

import inspect

from allauth.core.internal import ratelimit
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.utils import display_for_value


def test_allauth_consume_counts_requests_per_network_address():
    """services/drafts.py limits drafts with it: allauth's public limits are those of its own views only."""
    parameters = inspect.signature(ratelimit.consume).parameters
    assert {"request", "action", "config", "app"} <= parameters.keys()


def test_admin_redirects_when_an_object_is_gone():
    """admin/comments.py redirects so when a comment is deleted while its page is being made."""
    parameters = list(inspect.signature(ModelAdmin._get_obj_does_not_exist_redirect).parameters)
    assert parameters == ["self", "request", "opts", "object_id"]


def test_admin_action_helpers_are_undocumented_but_there():
    """admin/forms.py extends the action form, and the queue's rows post the name of its checkboxes."""
    assert ACTION_CHECKBOX_NAME == "_selected_action"  # also in templates/admin/comments/comment/row.html
    assert "action" in ActionForm.base_fields


def test_admin_display_for_value_formats_times():
    """admin/emergency_switch.py shows the time of a change as the admin's own columns do."""
    assert list(inspect.signature(display_for_value).parameters)[:2] == ["value", "empty_value_display"]

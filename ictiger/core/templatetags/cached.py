"""`{% kept "_menu.html" topics=menu chosen=topic.slug %}`: a template that is rendered once for the values it is given.

It sees these values and nothing else: no context, no request. So what a process keeps of it cannot be older than they are, and they are
asked for with every page.
"""

from functools import lru_cache

from django import template
from django.conf import settings
from django.template import Template
from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

PLAIN_TYPES = (str, int, type(None))


@register.simple_tag
def cached_include(template_name: str, **values: object) -> SafeString:
    """Values are texts, numbers and tuples of them. Raises TypeError for any other: two models are equal when their texts differ."""
    found = get_template(template_name)
    render = (
        _render_cached.__wrapped__ if settings.DEBUG else _render_cached
    )  # a template may change under its writer's hands
    return render(found.template, translation.get_language(), tuple(values.items()))


@lru_cache(1_000)
def _render_cached(found: Template, _language: str, values: tuple) -> SafeString:
    if not _is_plain(values):
        raise TypeError(
            f"{found.name} is kept by the values that it is given: they must be texts, numbers or tuples, not {values!r}"
        )
    return mark_safe(found.render(template.Context(dict(values))))  # noqa: S308  (a template's own output)


def _is_plain(value: object) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, PLAIN_TYPES)

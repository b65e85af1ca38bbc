"""`{% cached_include "_menu.html" topics=menu chosen=topic.slug %}`: a template rendered once for each set of
values.

The template sees these values only, neither the context nor the request. So the cached HTML cannot be older
than the values, which each page looks up anew.
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
    """Render a template from strings, numbers and tuples of them. Raises TypeError for other values.

    Model instances are refused because two of them are equal even when their fields differ.
    """
    included = get_template(template_name).template  # type: ignore[attr-defined]
    render = (
        _render_cached.__wrapped__ if settings.DEBUG else _render_cached
    )  # with DEBUG templates are being edited
    return render(included, translation.get_language(), tuple(values.items()))


@lru_cache(1_000)
def _render_cached(included: Template, _language: str, values: tuple) -> SafeString:
    if not _is_plain(values):
        raise TypeError(
            f"{included.name} is cached by its values: use strings, numbers or tuples, not {values!r}"
        )
    return mark_safe(included.render(template.Context(dict(values))))  # noqa: S308  (a template's own output)


def _is_plain(value: object) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, PLAIN_TYPES)

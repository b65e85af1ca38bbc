"""Labels for the cells of the admin's tables."""

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()

CELL = re.compile(r"^<t[dh]")
FIELD = re.compile(r'<(?:input|select|textarea)(?= (?!type="hidden"))')


@register.filter
def labelled(cells: Iterable[SafeString], headers: Iterable[dict]) -> Iterator[SafeString]:
    """Add the name of its column to each cell of a row, and an `aria-label` to the fields in it.

    On a narrow screen the cells stand below one another, without the table's head.
    """
    for cell, header in zip_longest(cells, headers):
        label = str(header["text"]) if header and cell else ""
        if not label or "<" in label:
            yield cell or SafeString()
        else:
            yield _add_label(cell, escape(capfirst(label)))


def _add_label(cell: SafeString, label: SafeString) -> SafeString:
    html = CELL.sub(lambda tag: f'{tag[0]} data-label="{label}"', cell, count=1)
    html = FIELD.sub(lambda tag: f'{tag[0]} aria-label="{label}"', html, count=1)
    return mark_safe(html)  # noqa: S308 (a cell by Django and an escaped label)

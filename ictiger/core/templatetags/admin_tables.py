"""What the desk's tables say beside what Django says in them."""

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
    """The cells of a row with the names of their columns: on a narrow screen they stand below one another, and fields need names."""
    for cell, header in zip_longest(cells, headers):
        name = str(header["text"]) if header and cell else ""
        yield (cell or "") if not name or "<" in name else _named(cell, escape(capfirst(name)))


def _named(cell: SafeString, name: SafeString) -> SafeString:
    labelled_cell = CELL.sub(lambda tag: f'{tag[0]} data-label="{name}"', cell, count=1)
    return mark_safe(FIELD.sub(lambda tag: f'{tag[0]} aria-label="{name}"', labelled_cell, count=1))  # noqa: S308 (Django's cell, an escaped name)

"""HTML made safe to print: nh3 lets through the tags and attributes named here and nothing else.

What comes out of Python-Markdown is not trusted. Authors are colleagues, but an account can be stolen, and
text can be pasted.
"""

import re

import nh3
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from . import formulas, html_text
from .headings import prefixed, resolved
from .urls import SCHEMES, leads_elsewhere, own_path

ATTRIBUTES = {
    "*": {"id", "class", "lang", "title"},
    "a": {"href", "rel", "name", "target"},
    "div": {"role", "tabindex", "aria-label"},
    "img": {"src", "alt", "width", "height", "loading"},
    "input": {"checked", "type"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    **formulas.ATTRIBUTES,
}
# fmt: off
CLASSES = {
    "table", "highlight", "footnote", "footnote-ref", "footnote-backref", "task-list", "task-list-item",
    "filename", "toc", "video", "host", "callout", "callout-title", "callout-label", "note", "tip",
    "important", "warning", "caution",
}
# fmt: on
PYGMENTS_CLASS = re.compile(r"[a-z][a-z0-9]{0,2}")
FIXED_VALUES = {  # on a div only what the box of a table or a callout has
    ("div", "role"): {"region", "note"},
    ("div", "tabindex"): {"0"},
    ("img", "loading"): {"lazy"},
    ("input", "type"): {"checkbox"},
    ("a", "rel"): {"noopener"},
    ("a", "target"): {"_blank"},
}


class Filter:
    """Decides about each attribute. nh3 swallows what a callback raises, so pictures of other sites are kept
    for later."""

    def __init__(self, targets: dict[str, str], site_url: str) -> None:
        self.targets, self.site_url = targets, site_url
        self.seen: set[str] = set()
        self.foreign: list[str] = []

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute in ("id", "name"):
            return self._name(attribute, value)
        if attribute == "class":
            return (
                " ".join(name for name in value.split() if name in CLASSES or PYGMENTS_CLASS.fullmatch(name))
                or None
            )
        if attribute == "href":
            return resolved(value, self.targets)
        if attribute == "src":
            return self._picture(value)
        allowed = FIXED_VALUES.get((tag, attribute))
        return value if allowed is None or value in allowed else None

    def _name(self, attribute: str, value: str) -> str | None:
        name = prefixed(value)
        if attribute == "id":
            if name in self.seen:
                return None
            self.seen.add(name)
        return name

    def _picture(self, value: str) -> str:
        value = own_path(value, self.site_url)
        if leads_elsewhere(value):
            self.foreign.append(value)
        return value


def sanitised(dirty: str, *, targets: dict[str, str], site_url: str = "") -> str:
    """`dirty` with only what articles may have. Raises ValidationError for a picture of another site."""
    decide = Filter(targets, site_url)
    clean = nh3.clean(
        dirty,
        tags=html_text.TAGS | formulas.TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=decide,
        set_tag_attribute_values={
            "input": {"disabled": ""}
        },  # one alone: nh3 writes several in no fixed order
        url_schemes=SCHEMES,
        link_rel=None,
    )
    if decide.foreign:
        # It would tell its host who reads us, and our own content policy would not show it.
        raise ValidationError(
            _("The picture %(src)s is on another site. Upload it here and use its new address."),
            code="picture",
            params={"src": decide.foreign[0][:200]},
        )
    return clean

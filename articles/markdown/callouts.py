"""Callouts: a quote whose first line is `[!NOTE]`, `[!TIP]`, `[!IMPORTANT]`, `[!WARNING]` or `[!CAUTION]`, as GitHub has them."""

import re
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown import Markdown

from .blocks import Block
from .writer import inline_text

LABELS = {
    "note": gettext_lazy("Note"),
    "tip": gettext_lazy("Tip"),
    "important": gettext_lazy("Important"),
    "warning": gettext_lazy("Warning"),
    "caution": gettext_lazy("Caution"),
}
MARK = re.compile(rf"\[!({'|'.join(LABELS)})\][+-]?(?:[ \t]+(.*))?[ \t]*$", re.IGNORECASE)


def mark_callout(md: Markdown, block: Block, quote: Element) -> None:
    """Make the quote a callout if it begins with a mark; what else stands in that line is the callout's title."""
    first = block.children[0] if block.children else None
    found = MARK.match(first.lines[0]) if first is not None and first.kind == "paragraph" and first.lines else None
    if found is None:
        return
    kind = found[1].lower()
    first.lines.pop(0)
    first.data["line"] = first.line + 1
    quote.tag = "div"
    quote.set("class", f"callout {kind}")
    quote.set("role", "note")
    title = SubElement(quote, "p", {"class": "callout-title"})
    SubElement(title, "span", {"class": "callout-label"}).text = str(LABELS[kind])
    if found[2] and found[2].strip():
        SubElement(title, "span").text = inline_text(_(": %(title)s") % {"title": found[2].strip()}, first.line)

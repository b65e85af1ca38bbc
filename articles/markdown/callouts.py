"""Callouts: a quote whose first line is `[!NOTE]`, `[!TIP]`, `[!IMPORTANT]`, `[!WARNING]` or `[!CAUTION]`, as
GitHub has them."""

import re
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext_lazy as _
from markdown import Markdown

from .block_reader import Block
from .writer import inline_text

LABELS = {
    "note": _("Note"),
    "tip": _("Tip"),
    "important": _("Important"),
    "warning": _("Warning"),
    "caution": _("Caution"),
}
MARK = re.compile(rf"\[!({'|'.join(LABELS)})\][+-]?(?:[ \t]+(.*))?[ \t]*$", re.IGNORECASE)


def mark_callout(md: Markdown, block: Block, quote: Element) -> None:
    """Make the quote a callout if it begins with a mark; what else stands in that line is the callout's
    title."""
    first = block.children[0] if block.children else None
    found = (
        MARK.match(first.lines[0])
        if first is not None and first.kind == "paragraph" and first.lines
        else None
    )
    if found is None:
        return
    kind = found[1].lower()
    first.lines.pop(0)
    first.data["line"] = first.line + 1
    quote.tag = "div"
    quote.set("class", f"callout {kind}")
    quote.set("role", "note")
    title = SubElement(quote, "p", {"class": "callout-title"})
    label = SubElement(title, "span", {"class": "callout-label"})
    label.text = str(LABELS[kind])
    if found[2] and found[2].strip():
        label.tail = " "
        SubElement(title, "span").text = inline_text(found[2].strip(), first.line)

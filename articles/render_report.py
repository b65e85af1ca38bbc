"""What rendering a text anew changes, in words for an operator."""

import re
from collections import Counter
from collections.abc import Iterator

from ictiger.core.text_diff import ChangeKind, DiffPart, diff_texts

from .markdown import plain_text
from .markdown.html_tokens import tokens
from .rerender import Outcome

MARKS = {ChangeKind.ADDED: "{{+{}+}}", ChangeKind.REMOVED: "[-{}-]", ChangeKind.SAME: "{}"}
CONTEXT = 40  # characters of unchanged text at each side of a change
SENTENCE_END = re.compile(r"(?<=[。！？.!?]) ?")
COUNTED = ("contents", "words", "reading_minutes")


def describe(outcome: Outcome) -> list[str]:
    """Which text it is and whether it changes; below it a line for each changed passage and for the tags.

    Words are marked as `wdiff` does: [-left out-] {+added+}.
    """
    title = title_line(outcome)
    if not outcome.shows:
        return [f"{title}: the same"]
    old, new = outcome.text.body_html, outcome.fields["body_html"]
    lines = [f"  text: {passage}" for passage in _changed_passages(plain_text(old), plain_text(new))]
    if tags := ", ".join(_changed_tags(old, new)):
        lines.append(f"  tags: {tags}")
    if counted := ", ".join(name for name in COUNTED if name in outcome.changes):
        lines.append(f"  also: {counted}")
    return [f"{title}: changes", *lines]


def title_line(outcome: Outcome) -> str:
    text = outcome.text
    return f"{text._meta.model_name} {text.pk} {text.get_absolute_url()} “{text.title}”"


def _changed_passages(old: str, new: str) -> Iterator[str]:
    """The sentences that differ, with their changes marked."""
    for block in diff_texts(SENTENCE_END.sub("\n", old), SENTENCE_END.sub("\n", new)):
        if any(part.kind in (ChangeKind.ADDED, ChangeKind.REMOVED) for part in block):
            yield " ".join("".join(_marked(part) for part in block).split())


def _marked(part: DiffPart) -> str:
    text = part.text
    if part.kind is ChangeKind.SAME and len(text) > 2 * CONTEXT:
        text = f"{text[:CONTEXT]}…{text[-CONTEXT:]}"
    return MARKS[part.kind].format(text)


def _changed_tags(old: str, new: str) -> Iterator[str]:
    """How many tags of each name there are more or fewer, and how many have other attributes."""
    before, after = _tags(old), _tags(new)
    names_before, names_after = _by_name(before), _by_name(after)
    for name in sorted(names_before | names_after):
        if difference := names_after[name] - names_before[name]:
            yield f"{difference:+} <{name}>"
    if changed := (after - before).total() - (names_after - names_before).total():
        yield f"{changed} with other attributes"


def _tags(html: str) -> Counter[tuple[str, str]]:
    """Start tags: names with their attributes."""
    return Counter((name, attributes) for end, name, attributes, _text in tokens(html) if name and not end)


def _by_name(tags: Counter[tuple[str, str]]) -> Counter[str]:
    names: Counter[str] = Counter()
    for (name, _attributes), count in tags.items():
        names[name] += count
    return names

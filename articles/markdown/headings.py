"""Ids of headings, the contents, and links within the page, which may use GitHub's slug or our own id."""

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from markdown.extensions.toc import TocExtension, TocTreeprocessor, slugify_unicode

ID_PREFIX = "s-"  # no heading may take an id of the page, such as "discussion"
NOT_IN_SLUG = re.compile(r"[^\w\- ]")  # what GitHub leaves out of a heading's slug, but for marks
NOT_A_WORD = re.compile(r"[\W_]+")  # other programs make a hyphen of whatever is no letter
AUTHORS_ID = re.compile(r"<[a-zA-Z][^<>]*?\s(?:id|name)\s*=\s*[\"']?([^\"'\s<>]+)")


class Headings(TocTreeprocessor):
    """Python-Markdown's, for trees that also hold text without a tag."""

    def run(self, doc: Element) -> None:
        super().run(doc)
        self.md.heading_ids = {
            heading.get("id"): "".join(heading.itertext())
            for heading in doc.iter()
            if self.header_rgx.match(heading.tag)
        }


class HeadingsExtension(TocExtension):
    TreeProcessorClass = Headings

    def __init__(self) -> None:
        super().__init__(slugify=prefixed_slug, toc_depth="2-6")


def prefixed_slug(title: str, separator: str) -> str:
    return ID_PREFIX + slugify_unicode(title, separator)


def github_slug(title: str) -> str:
    """The slug that GitHub gives to a heading, before it is told apart from others."""
    return NOT_IN_SLUG.sub(_mark_or_nothing, html.unescape(title).strip().lower()).replace(" ", "-")


def _mark_or_nothing(sign: re.Match[str]) -> str:
    """GitHub keeps combining marks and the selector that makes a sign an emoji (both are of category M)."""
    return sign[0] if unicodedata.category(sign[0])[0] == "M" else ""


def contents_of(tokens: list[dict]) -> Iterator[dict[str, str | int]]:
    """The headings of two levels, in order."""
    for token in tokens:
        title = html.unescape(token["name"]).strip()
        if title and token["level"] <= 3:
            yield {"id": token["id"], "title": title, "level": token["level"]}
        yield from contents_of(token["children"])


def targets_of(heading_ids: dict[str, str], dirty: str) -> dict[str, str]:
    """What a link within the page may name, and the id that it means. The first of a name counts."""
    targets: dict[str, str] = {}
    times: dict[str, int] = {}
    for name, title in heading_ids.items():
        slug = github_slug(title)
        times[slug] = times.get(slug, -1) + 1
        for alias in (name, name.removeprefix(ID_PREFIX), f"{slug}-{times[slug]}" if times[slug] else slug):
            targets.setdefault(alias, name)
    for name, title in heading_ids.items():
        title = html.unescape(title).strip().lower()
        targets.setdefault(NOT_A_WORD.sub("-", title).strip("-"), name)
        targets.setdefault(title.replace(" ", "-"), name)  # as authors write it who know no slugs
    for name in AUTHORS_ID.findall(dirty):
        targets.setdefault(name, prefixed(name))
    return targets


def prefixed(name: str) -> str:
    return name if name.startswith(ID_PREFIX) else ID_PREFIX + name


def resolved(address: str, targets: dict[str, str]) -> str:
    """A link within the page with the id that it means; any other address as it is."""
    if not address.startswith("#") or len(address) == 1:
        return address
    name = unquote(address[1:])
    target = targets.get(name) or targets.get(name.lower())
    return f"#{target}" if target else address

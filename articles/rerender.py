"""Renders published texts anew after the renderer has changed.

A text is rendered from the article's own body, never from its draft. Dates, the order of feeds, slugs, drafts
and their history stay as they are. Rendering runs in processes of its own. This process writes: each batch is
one `public_write()`, which locks the rows and purges the pages of those that readers see changed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ictiger.core.process_pool import process_pool
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.verification import verification_remark

from .images import record_uses
from .markdown import RENDERER_VERSION
from .models import Article, Page, Status
from .rendered_fields import rendered_fields
from .services import render_published

Text = Article | Page
TEXT_MODELS: tuple[type[Text], ...] = (Article, Page)

BATCH = 20  # texts; their rows are locked while they are written
KEYS = 10_000  # primary keys read at once
BATCHES_AHEAD = 2  # rendered while another one is written
NOT_ON_PAGES = {"search_text", "renderer_version"}


@dataclass(frozen=True)
class Outcome:
    """A text as it was, with the new values of its fields, or with the reason why it stays as it is."""

    text: Text
    fields: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def changes(self) -> dict[str, Any]:
        """The new values that differ from the old ones."""
        return {name: value for name, value in self.fields.items() if getattr(self.text, name) != value}

    @property
    def shows(self) -> bool:
        """Whether readers see a difference."""
        return not self.changes.keys() <= NOT_ON_PAGES


def published_texts(model: type[Text]) -> QuerySet:
    """The texts whose HTML is kept: articles that are published, scheduled or taken down, and all pages."""
    return Article.objects.filter(status=Status.PUBLISHED) if model is Article else Page.objects.all()


def outdated_texts(model: type[Text]) -> QuerySet:
    """Of these, those that an earlier version of the renderer made."""
    return published_texts(model).filter(renderer_version__lt=RENDERER_VERSION)


def count_outdated() -> int:
    return sum(outdated_texts(model).count() for model in TEXT_MODELS)


@verification_remark
def outdated_remark() -> str:
    """How many texts are old, and what to do about it; "" if none is."""
    count = count_outdated()
    if not count:
        return ""
    return f"Texts that an earlier version of the renderer made: {count:,}. Run `manage.py render`."


def is_outdated(text: Text) -> bool:
    is_published = isinstance(text, Page) or text.status == Status.PUBLISHED
    return is_published and text.renderer_version < RENDERER_VERSION


def mark_outdated() -> None:
    """Mark every published text as made by an earlier version. What readers see stays as it is."""
    with public_write():
        for model in TEXT_MODELS:
            published_texts(model).exclude(renderer_version=0).update(renderer_version=0)


def render_again(text: Text) -> None:
    """Render one published text. Raises ValidationError if it is not published or cannot be rendered."""
    stored = published_texts(type(text)).filter(pk=text.pk).first()
    if stored is None:
        raise ValidationError(_("it is not published"))
    (outcome,) = write_outcomes([render_outcome(stored)])
    if outcome.error:
        raise ValidationError(outcome.error)


def render_texts(selection: QuerySet, *, processes: int, write: bool = True) -> Iterator[Outcome]:
    """Render texts of one model and, with `write`, store what differs. Yields the outcome of each.

    A batch is stored before its outcomes are yielded. Memory is bounded by BATCHES_AHEAD.
    """
    with _renderer(processes) as render_all:
        waiting: deque[Iterable[Outcome]] = deque()
        for batch in _batches(selection):
            waiting.append(render_all(batch))
            if len(waiting) > BATCHES_AHEAD:
                yield from _finish(waiting.popleft(), write)
        while waiting:
            yield from _finish(waiting.popleft(), write)


def render_outcome(text: Text) -> Outcome:
    """Render a text. Whatever goes wrong is an outcome too, so that other texts go on."""
    try:
        return Outcome(text, rendered_fields(text, render_published(text)))
    except ValidationError as error:
        return Outcome(text, error=" ".join(error.messages))
    except Exception as error:  # a fault of the renderer
        return Outcome(text, error=f"{type(error).__name__}: {error}")


def write_outcomes(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Store a batch of texts of one model. Returns the outcomes as they were stored.

    A text that was saved since it was read is rendered again, unless that was done when it was saved.
    """
    model = type(outcomes[0].text)
    keys = [outcome.text.pk for outcome in outcomes]
    with public_write() as write:
        rows = published_texts(model).select_for_update().filter(pk__in=keys).order_by("pk")
        stored = {row.pk: row for row in rows}
        final = [_as_stored(outcome, stored.get(outcome.text.pk)) for outcome in outcomes]
        write.touch(*(outcome.text for outcome in final if outcome.shows))
        for outcome in final:
            if outcome.changes:
                # Not save(): it would write a revision of a page.
                model.objects.filter(pk=outcome.text.pk).update(**outcome.changes)
            if outcome.fields:
                # Also where nothing changed: a release without this record may have published the text.
                record_uses(outcome.text, outcome.fields["body_html"], before=outcome.text.body_html)
    return final


def _as_stored(read: Outcome, row: Text | None) -> Outcome:
    """The outcome for the locked row of a text; without effect if the text is not published any more."""
    if row is None:
        return Outcome(read.text)
    if _source_of(row) == _source_of(read.text):
        return Outcome(row, read.fields, read.error)
    return render_outcome(row) if is_outdated(row) else Outcome(row)


def _source_of(text: Text) -> list[object]:
    """What a text is rendered from, and its HTML, which changes too when its pictures do."""
    return [getattr(text, name, "") for name in ("language", "title", "summary", "body", "body_html")]


def _finish(outcomes: Iterable[Outcome], write: bool) -> list[Outcome]:
    return write_outcomes(list(outcomes)) if write else list(outcomes)


def _batches(selection: QuerySet) -> Iterator[list[Text]]:
    """The texts by primary key. Those that are written meanwhile do not disturb the order."""
    by_key, last = selection.order_by("pk"), 0
    while keys := list(by_key.filter(pk__gt=last).values_list("pk", flat=True)[:KEYS]):
        for start in range(0, len(keys), BATCH):
            if batch := list(by_key.filter(pk__in=keys[start : start + BATCH])):
                yield batch
        last = keys[-1]


@contextmanager
def _renderer(processes: int) -> Iterator[Callable[[list[Text]], Iterable[Outcome]]]:
    """A function that renders a batch: in this process when its result is read, or at once in others."""
    if processes == 1:
        yield partial(map, render_outcome)
        return
    with process_pool(processes) as pool:
        yield partial(pool.map, render_outcome)

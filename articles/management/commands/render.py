"""`manage.py render`: renders published texts anew after an upgrade has changed the renderer."""

import os
from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet

from articles import rerender
from articles.models import Article
from articles.render_report import describe, title_line
from ictiger.core.progress import show_progress

MAX_KEY_DIGITS = 18


class Command(BaseCommand):
    help = (
        "Renders anew the pages and the articles (published, scheduled, taken down) whose HTML an earlier "
        "version of the renderer made. Dates, feeds and drafts stay. If it is interrupted, run it again: "
        "it goes on with what is left."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "texts",
            nargs="*",
            metavar="TEXT",
            help="only these, old or not: slugs of articles or pages, or ids of articles",
        )
        parser.add_argument("--all", action="store_true", help="mark every text as old first")
        parser.add_argument(
            "--dry-run", action="store_true", help="say of each text what would change, and write nothing"
        )
        parser.add_argument(
            "--processes",
            type=int,
            default=os.cpu_count() or 1,
            metavar="N",
            help="how many render at once (default: one for each core)",
        )

    def handle(self, *, texts: list[str], dry_run: bool, processes: int, verbosity: int, **options) -> None:
        if processes < 1:
            raise CommandError("--processes takes a number from 1 on.")
        if texts and options["all"]:
            raise CommandError("Name texts or give --all, not both.")
        if options["all"] and not dry_run:
            rerender.mark_outdated()
        selections = self._selections(texts, options["all"])
        self.total = sum(selection.count() for selection in selections)
        if self.total <= rerender.BATCH:
            processes = 1  # starting others would take longer
        self.counts: Counter[str] = Counter()
        for selection in selections:
            for outcome in rerender.render_texts(selection, processes=processes, write=not dry_run):
                self._report(outcome, in_full=dry_run or verbosity > 1)
        self._summarise(dry_run)

    def _selections(self, names: list[str], everything: bool) -> list[QuerySet]:
        """The texts to render, one query set for each model. Raises CommandError for a name of none."""
        models = rerender.TEXT_MODELS
        for name in names:
            if not any(rerender.published_texts(model).filter(_named([name], model)) for model in models):
                raise CommandError(f"There is no published article and no page “{name}”.")
        if names:
            return [rerender.published_texts(model).filter(_named(names, model)) for model in models]
        select = rerender.published_texts if everything else rerender.outdated_texts
        return [select(model) for model in models]

    def _report(self, outcome: rerender.Outcome, *, in_full: bool) -> None:
        self.counts["failed" if outcome.error else "changed" if outcome.shows else "same"] += 1
        if outcome.error:
            self.stderr.write(f"{title_line(outcome)} stays as it is: {outcome.error}")
        elif in_full:
            self.stdout.write("\n".join(describe(outcome)))
        show_progress(self.stderr, self.counts.total(), self.total)

    def _summarise(self, dry_run: bool) -> None:
        verb = "would change" if dry_run else "changed"
        changed, same = self.counts["changed"], self.counts["same"]
        self.stdout.write(f"Texts: {self.total:,}; {verb}: {changed:,}; the same for readers: {same:,}.")
        if failed := self.counts["failed"]:
            raise CommandError(
                f"{failed:,} could not be rendered and stay as they are; they are named above."
            )


def _named(names: list[str], model: type[rerender.Text]) -> Q:
    """Texts with one of these slugs or, if they are articles, ids."""
    named = Q(slug__in=names)
    if model is Article:
        digits = [name for name in names if name.isascii() and name.isdecimal()]
        named |= Q(pk__in=[int(name) for name in digits if len(name) <= MAX_KEY_DIGITS])
    return named

"""`manage.py backup`: the database and the pictures in one file."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ictiger.deploy.archive import ChangedMeanwhile
from ictiger.deploy.backups import Refused, back_up
from ictiger.deploy.databases import DatabaseTrouble


class Command(BaseCommand):
    help = "Writes database and pictures, as they are at this moment, into one file with checksums. The site may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.VAR / "backups", metavar="DIR", help="where to (default: %(default)s)")
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="take away all but the newest N (default: none)")

    def handle(self, *, to: Path, keep: int, **options) -> None:
        if keep < 0:
            raise CommandError("--keep is how many backups to keep: 0 or more.")
        try:
            made = back_up(to, keep)
        except (Refused, DatabaseTrouble) as error:
            raise CommandError(f"No backup was made: {error}") from None
        except ChangedMeanwhile as error:
            raise CommandError(f"No backup was made, a picture changed while it was read. Run it again. ({error})") from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error}") from None
        self.stdout.write(f"{made} ({made.stat().st_size:,} bytes)")

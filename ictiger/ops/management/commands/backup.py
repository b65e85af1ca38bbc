"""`manage.py backup`: write the database and the pictures to one file."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ictiger.ops.archive import FileChanged
from ictiger.ops.backup import BackupRefused, back_up
from ictiger.ops.db_dump import DumpError


class Command(BaseCommand):
    help = (
        "Writes database and pictures, as they are at this moment, "
        "into one file with checksums. The site may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to",
            type=Path,
            default=settings.VAR / "backups",
            metavar="DIR",
            help="where to (default: %(default)s)",
        )
        parser.add_argument(
            "--keep", type=int, default=0, metavar="N", help="take away all but the newest N (default: none)"
        )

    def handle(self, *, to: Path, keep: int, **options) -> None:
        if keep < 0:
            raise CommandError("--keep is how many backups to keep: 0 or more.")
        try:
            backup = back_up(to, keep)
        except (BackupRefused, DumpError) as error:
            raise CommandError(f"No backup was made: {error}") from None
        except FileChanged as error:
            raise CommandError(
                f"No backup was made, a picture changed while it was read. Run it again. ({error})"
            ) from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error}") from None
        self.stdout.write(f"{backup} ({backup.stat().st_size:,} bytes)")

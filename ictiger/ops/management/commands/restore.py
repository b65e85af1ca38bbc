"""`manage.py restore`: replace database and pictures by those of a backup."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ictiger.ops.archive import DamagedArchive
from ictiger.ops.backup import BackupRefused, lacks_migrations, restore
from ictiger.ops.db_dump import DumpError


class Command(BaseCommand):
    help = (
        "Puts a backup in the place of database and pictures, and forgets every stored page. "
        "Stop server and worker first."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="replace the site that is here")

    def handle(self, *, file: Path, yes: bool, **options) -> None:
        try:
            manifest = restore(file, over_existing=yes)
        except DamagedArchive as error:
            raise CommandError(f"{file} is damaged: {error}. Nothing was changed.") from None
        except (BackupRefused, DumpError) as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        self.stdout.write(f"Restored as of {manifest['made_at']}. Everybody has to log in again.")
        self.stdout.write(
            "Mails that were waiting then are not sent: they may have been since. "
            "Accounts erased since then are back: erase them again."
        )
        if lacks_migrations(manifest):
            self.stdout.write(
                "The backup is older than this release: run `manage.py migrate` before `serve`."
            )

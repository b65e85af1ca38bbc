"""Making backups, and restoring one in place of the current database and pictures."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from comments.moderation_time import forget_median_wait
from ictiger.pagecache.build_id import build_id
from ictiger.pagecache.maintenance import empty_trash
from ictiger.pagecache.store import get_store

from . import archive, db_dump

FILE_NAME = "ictiger-{:%Y%m%dT%H%M%S}Z.tar.gz"
FILE_PATTERN = "ictiger-*Z.tar.gz"
UNFINISHED = ".unfinished-"

# Rows that must not be restored as they were, by the app of their table. A mail that was waiting has most
# likely been sent since; a session may have been ended since, also because somebody else knew the password.
EPHEMERAL_TABLES = {
    "mail": "UPDATE mail_mail SET state = 'cancelled', lease_until = NULL, "
    "reply = 'waited when a backup was made that has been restored: it may have been sent since' "
    "WHERE state IN ('queued', 'sending')",
    "sessions": "DELETE FROM django_session",
    "usersessions": "DELETE FROM usersessions_usersession",
}


class BackupRefused(RuntimeError):
    """A backup or restore that is impossible or would do harm; the message says why and what to do."""


def back_up(folder: Path, keep: int = 0) -> Path:
    """Write a backup into `folder`, delete all but the newest `keep` (0: delete none), and return the new
    one's path.

    It is written under another name, synced to disk and renamed, so that it appears complete or not at all.
    Raises BackupRefused, DumpError and FileChanged.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _exclusive(folder), tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as work:
        made_at = datetime.now(UTC)
        database, whole = Path(work) / archive.DATABASE, Path(work) / "whole"
        db_dump.dump_database(database)
        archive.write_archive(whole, database, Path(settings.MEDIA_ROOT), _describe_backup(made_at))
        target = folder / FILE_NAME.format(made_at)
        if target.exists():
            raise BackupRefused(f"{target} exists: two backups in one second.")
        _fsync(whole)
        whole.rename(target)
        _fsync(folder)
    for old in sorted(folder.glob(FILE_PATTERN))[:-keep] if keep else []:
        old.unlink()
    return target


def _describe_backup(made_at: datetime) -> dict:
    applied = MigrationRecorder(connection).applied_migrations()
    migrations = sorted(f"{app}.{name}" for app, name in applied)
    return {
        "made_at": made_at.isoformat(),
        "release": build_id(),
        "database": db_dump.database_kind(),
        "migrations": migrations,
    }


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Lock the folder, so that one backup is made in it at a time, and delete what killed ones have left
    there.

    Raises BackupRefused when another one is in progress.
    """
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup is being written into {folder}.") from None
        for unfinished in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield


def _fsync(path: Path) -> None:
    """Sync to disk. A file is closed to other users: it holds everybody's addresses and password hashes."""
    if path.is_file():
        path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(source: Path, *, over_existing: bool = False) -> dict:
    """Replace database and pictures by those of a backup, and drop every stored page.

    Return the backup's manifest.

    Nothing is changed before the whole file has been checked. The database is replaced in one transaction,
    the pictures by two renames after it. Raises DamagedArchive, BackupRefused and DumpError.
    """
    media = Path(settings.MEDIA_ROOT)
    if not source.is_file():
        raise BackupRefused(f"There is no file {source}.")
    if not over_existing and _is_in_use(media):
        raise BackupRefused(
            "There is a site here already. With --yes it is replaced, "
            "and what it has that the backup has not is gone."
        )
    media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media.parent, prefix=".restore-") as work:
        manifest = archive.unpack_archive(source, Path(work))
        _require_compatible(manifest)
        apps = {migration.partition(".")[0] for migration in manifest["migrations"]}
        _forget_pages()  # also at the end: in between no page may show what the backup does not have
        db_dump.load_database(
            Path(work) / archive.DATABASE, [EPHEMERAL_TABLES[app] for app in EPHEMERAL_TABLES if app in apps]
        )
        _replace_data(media, Path(work) / archive.MEDIA)
        _forget_pages()
        # The only figure from the database in the cache. The rest are limits on log-ins and mails, which go
        # on counting, and the keys of whoever else uses the cache.
        forget_median_wait()
    return manifest


def _is_in_use(media: Path) -> bool:
    if media.is_dir() and any(path.is_file() for path in media.rglob("*")):
        return True
    with connection.cursor() as cursor:
        if "accounts_user" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)")
        return bool(cursor.fetchone()[0])


def _require_compatible(manifest: dict) -> None:
    if manifest["database"] != db_dump.database_kind():
        raise BackupRefused(
            f"It is a backup of {manifest['database']}, and DATABASE_URL names {db_dump.database_kind()}."
        )
    if newer := sorted(set(manifest["migrations"]) - _migrations_of_this_release()):
        raise BackupRefused(
            f"A newer release made it: this one has no {newer[0]}. Restore it with that release."
        )


def lacks_migrations(manifest: dict) -> bool:
    """Return whether the database of a backup lacks migrations of this release."""
    return bool(_migrations_of_this_release() - set(manifest["migrations"]))


def _migrations_of_this_release() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def _replace_data(media: Path, fresh: Path) -> None:
    fresh.mkdir(exist_ok=True)
    fresh.chmod(0o755)
    for path in fresh.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # nginx runs as another user
    old = fresh.with_name(f"old-{uuid4().hex}")
    if media.exists():
        media.rename(old)
    fresh.rename(media)


def _forget_pages() -> None:
    if settings.PAGE_STORE != "off":
        store = get_store()
        store.clear()
        empty_trash(store)

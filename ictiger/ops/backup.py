"""Making backups, and putting one in the place of what is there."""

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
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from ictiger.pagecache.build_id import build_id
from ictiger.pagecache.maintenance import empty_trash
from ictiger.pagecache.store import get_store

from . import archive, db_dump

NAME = "ictiger-{:%Y%m%dT%H%M%S}Z.tar.gz"
NAMES = "ictiger-*Z.tar.gz"
UNFINISHED = ".unfinished-"

# What must not come back from the past, by the app whose table it is. A mail that was waiting then has most likely been sent since;
# whoever was signed in then may have signed out since, or changed a password that somebody else knew.
EPHEMERAL_TABLES = {
    "mail": "UPDATE mail_mail SET state = 'cancelled', lease_until = NULL, reply = 'waited when a backup was made that has been restored: "
    "it may have been sent since' WHERE state IN ('queued', 'sending')",
    "sessions": "DELETE FROM django_session",
    "usersessions": "DELETE FROM usersessions_usersession",
}


class BackupRefused(RuntimeError):
    """It would do harm, or cannot be done; why, and what to do."""


def back_up(folder: Path, keep: int = 0) -> Path:
    """Write a backup into `folder`, take away all but the newest `keep` (0: none), and return the new one's path.

    It appears whole or not at all: it is written beside, forced to disk, and renamed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _exclusive(folder), tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as work:
        made_at = datetime.now(UTC)
        database, whole = Path(work) / archive.DATABASE, Path(work) / "whole"
        db_dump.dump_database(database)
        archive.write_archive(whole, database, Path(settings.MEDIA_ROOT), _describe_backup(made_at))
        target = folder / NAME.format(made_at)
        if target.exists():
            raise BackupRefused(f"{target} exists: two backups in one second.")
        _fsync(whole)
        whole.rename(target)
        _fsync(folder)
    for old in sorted(folder.glob(NAMES))[:-keep] if keep else []:
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
    """One backup at a time in a folder. What one that was killed has left is cleared away."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup is being written into {folder}.") from None
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _fsync(path: Path) -> None:
    """To disk. A file of ours alone: it holds everybody's addresses and password hashes."""
    if path.is_file():
        path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(source: Path, *, over_existing: bool = False) -> dict:
    """Put a backup in the place of database and pictures and forget every stored page. Returns the backup's list.

    Nothing is touched before the whole file has been checked. Damaged, Refused and DatabaseTrouble say why not. The database changes in
    one transaction; the pictures change places by two renames after it.
    """
    media = Path(settings.MEDIA_ROOT)
    if not source.is_file():
        raise BackupRefused(f"There is no file {source}.")
    if not over_existing and _is_in_use(media):
        raise BackupRefused(
            "There is a site here already. With --yes it is replaced, and what it has that the backup has not is gone."
        )
    media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media.parent, prefix=".restore-") as work:
        manifest = archive.unpack_archive(source, Path(work))
        _require_empty_or_ours(manifest)
        apps = {migration.partition(".")[0] for migration in manifest["migrations"]}
        _forget_pages()  # at once, and again when everything is in its place: nobody should be shown what has gone
        db_dump.load_database(
            Path(work) / archive.DATABASE, [EPHEMERAL_TABLES[app] for app in EPHEMERAL_TABLES if app in apps]
        )
        _replace_data(media, Path(work) / archive.MEDIA)
        _forget_pages()
        cache.clear()
    return manifest


def _is_in_use(media: Path) -> bool:
    if media.is_dir() and any(path.is_file() for path in media.rglob("*")):
        return True
    with connection.cursor() as cursor:
        if "accounts_user" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)")
        return bool(cursor.fetchone()[0])


def _require_empty_or_ours(manifest: dict) -> None:
    if manifest["database"] != db_dump.database_kind():
        raise BackupRefused(
            f"It is a backup of {manifest['database']}, and DATABASE_URL names {db_dump.database_kind()}."
        )
    if newer := sorted(set(manifest["migrations"]) - _known_migrations()):
        raise BackupRefused(
            f"A newer release made it: this one has no {newer[0]}. Restore it with that release."
        )


def pending_migrations_of(manifest: dict) -> bool:
    """Whether the restored database lacks migrations of this release."""
    return bool(_known_migrations() - set(manifest["migrations"]))


def _known_migrations() -> set[str]:
    """The migrations of this release."""
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def _replace_data(media: Path, fresh: Path) -> None:
    fresh.mkdir(exist_ok=True)
    fresh.chmod(0o755)
    for path in fresh.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # nginx is another user
    old = fresh.with_name(f"old-{uuid4().hex}")
    if media.exists():
        media.rename(old)
    fresh.rename(media)


def _forget_pages() -> None:
    if settings.PAGE_STORE != "off":
        store = get_store()
        store.clear()
        empty_trash(store)

"""The file that a backup is: a compressed tar of the database, the pictures, and last a list of them with checksums.

The list is last, so a file that breaks off has none. Reading one checks everything before anything is used.
"""

import hashlib
import io
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

FORMAT = 1
MANIFEST, DATABASE, MEDIA = "manifest.json", "database", "media"
BLOCK = 1024 * 1024
COMPRESSION = 3  # pictures are compressed already, and backups run beside readers
MAX_MANIFEST = 64 * 1024**2  # bytes; enough for some 400,000 pictures
MIN_FREE_BYTES = 64 * 1024**2  # bytes of the disk, on which the site that is there still lives
MANIFEST_NAME = {
    "made_at": str,
    "release": str,
    "database": str,
    "migrations": list,
    "files": dict,
}  # what a list has besides its format


class DamagedArchive(RuntimeError):
    """The file is no whole backup; what is wrong with it."""


class FileChanged(RuntimeError):
    """A picture changed or went while it was being read."""


def write_archive(target: Path, database: Path, media: Path, told: dict) -> dict:
    """Write the archive and return its list, which is `told` and every file's size and SHA-256."""
    files: dict[str, dict] = {}
    with tarfile.open(target, "w:gz", compresslevel=COMPRESSION) as archive:
        _add_file(archive, DATABASE, database, files)
        for path in sorted(path for path in media.rglob("*") if path.is_file()):
            _add_file(archive, f"{MEDIA}/{path.relative_to(media).as_posix()}", path, files)
        manifest = {"format": FORMAT, **told, "files": files}
        text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return manifest


def _add_file(archive: tarfile.TarFile, name: str, path: Path, files: dict[str, dict]) -> None:
    try:
        with path.open("rb") as opened:
            entry = archive.gettarinfo(arcname=name, fileobj=opened)
            entry.uname = entry.gname = ""
            reading = _Hashing(opened)
            archive.addfile(entry, reading)
    except OSError as error:  # tarfile says so too when a file is shorter than it was
        raise FileChanged(f"{path}: {error}") from None
    files[name] = {"size": entry.size, "sha256": reading.sum.hexdigest()}


class _Hashing:
    """A file that is summed while it is read."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened, self.sum = opened, hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._opened.read(size)
        self.sum.update(block)
        return block


def unpack_archive(source: Path, into: Path) -> dict:
    """Unpack into an empty folder and return the list, once everything is as the list says. Damaged: it is not."""
    found: dict[str, dict] = {}
    manifest = None
    try:
        with tarfile.open(source, "r:gz") as archive:
            for entry in archive:
                if manifest is not None:
                    raise DamagedArchive(f"{entry.name} comes after the list of files")
                if entry.name == MANIFEST:
                    manifest = _manifest(archive, entry)
                else:
                    found[entry.name] = _extract(archive, entry, into)
    except (
        tarfile.TarError,
        EOFError,
        OSError,
        zlib.error,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise DamagedArchive(f"it cannot be read: {error}") from None
    _compare(manifest, found)
    return manifest


def _manifest(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> object:
    if entry.size > MAX_MANIFEST:
        raise DamagedArchive(f"its list of files is longer than {MAX_MANIFEST:,} bytes")
    return json.loads(archive.extractfile(entry).read())


def _extract(archive: tarfile.TarFile, entry: tarfile.TarInfo, into: Path) -> dict:
    """Unpack one file. Its name and its size are only what the archive says: neither leads outside, nor fills the disk."""
    path = PurePosixPath(entry.name)
    is_ours = entry.name == DATABASE or (
        path.parts[:1] == (MEDIA,) and len(path.parts) > 1 and ".." not in path.parts
    )
    if not is_ours or not entry.isreg() or entry.issparse():
        raise DamagedArchive(f"{entry.name!r} has no place in a backup")
    if entry.size > shutil.disk_usage(into).free - MIN_FREE_BYTES:
        raise DamagedArchive(f"{entry.name!r} has {entry.size:,} bytes, for which there is no room here")
    target = into / path
    target.parent.mkdir(parents=True, exist_ok=True)
    total = hashlib.sha256()
    with target.open("xb") as opened:
        for block in _blocks(archive.extractfile(entry)):
            total.update(block)
            opened.write(block)
    return {"size": entry.size, "sha256": total.hexdigest()}


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    while block := opened.read(BLOCK):
        yield block


def _compare(manifest: object, found: dict[str, dict]) -> None:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise DamagedArchive("its list of files is missing: it breaks off")
    if manifest.get("format") != FORMAT:
        raise DamagedArchive(
            f"its format is {str(manifest.get('format'))[:20]!r}, which this release cannot read"
        )
    if wrong := [name for name, kind in MANIFEST_NAME.items() if not isinstance(manifest.get(name), kind)]:
        raise DamagedArchive(f"its list does not say what {wrong[0]!r} is")
    if not all(isinstance(name, str) for name in manifest["migrations"]):
        raise DamagedArchive("its list names migrations that are none")
    listed = manifest["files"]
    if wrong := sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name)):
        raise DamagedArchive(
            f"{wrong[0]} is not what was backed up"
            + (f", and so for {len(wrong) - 1} more" if wrong[1:] else "")
        )
    if DATABASE not in listed:
        raise DamagedArchive("it holds no database")

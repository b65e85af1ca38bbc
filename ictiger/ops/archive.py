"""A backup's file format: a compressed tar of the database and the pictures, then a manifest with their
checksums.

The manifest comes last, so a truncated file has none. Unpacking checks everything before anything is used.
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
BLOCK = 1024 * 1024  # bytes read at once
COMPRESSION = 3  # of 9: pictures are compressed already, and the site runs meanwhile
MAX_MANIFEST = 64 * 1024**2  # bytes; enough for some 400,000 pictures
MIN_FREE_BYTES = 64 * 1024**2  # to be left on the disk for the running site
MANIFEST_TYPES = {
    "made_at": str,
    "release": str,
    "database": str,
    "migrations": list,
    "files": dict,
}  # the manifest's entries besides its format


class DamagedArchive(RuntimeError):
    """The file is not a complete backup; the message says why."""


class FileChanged(RuntimeError):
    """A picture was changed or deleted while it was being read."""


def write_archive(target: Path, database: Path, media: Path, description: dict) -> dict:
    """Write the archive and return its manifest: `description`, and every file's size and SHA-256.

    Raises FileChanged.
    """
    files: dict[str, dict] = {}
    with tarfile.open(target, "w:gz", compresslevel=COMPRESSION) as archive:
        _add_file(archive, DATABASE, database, files)
        for path in sorted(path for path in media.rglob("*") if path.is_file()):
            _add_file(archive, f"{MEDIA}/{path.relative_to(media).as_posix()}", path, files)
        manifest = {"format": FORMAT, **description, "files": files}
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
            reader = _HashingReader(opened)
            archive.addfile(entry, reader)
    except OSError as error:  # tarfile raises it too when a file has become shorter
        raise FileChanged(f"{path}: {error}") from None
    files[name] = {"size": entry.size, "sha256": reader.checksum.hexdigest()}


class _HashingReader:
    """A file whose checksum is computed while it is read."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened, self.checksum = opened, hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._opened.read(size)
        self.checksum.update(block)
        return block


def unpack_archive(source: Path, into: Path) -> dict:
    """Unpack into an empty folder and return the manifest.

    Raises DamagedArchive if a file differs from it.
    """
    unpacked: dict[str, dict] = {}
    manifest = None
    try:
        with tarfile.open(source, "r:gz") as archive:
            for entry in archive:
                if manifest is not None:
                    raise DamagedArchive(f"{entry.name} comes after the list of files")
                if entry.name == MANIFEST:
                    manifest = _manifest(archive, entry)
                else:
                    unpacked[entry.name] = _extract(archive, entry, into)
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
    _compare(manifest, unpacked)
    return manifest


def _manifest(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> object:
    if entry.size > MAX_MANIFEST:
        raise DamagedArchive(f"its list of files is longer than {MAX_MANIFEST:,} bytes")
    return json.loads(archive.extractfile(entry).read())


def _extract(archive: tarfile.TarFile, entry: tarfile.TarInfo, into: Path) -> dict:
    """Unpack one file and return its size and checksum.

    Its name and size are claims of the archive: a name must not lead out of `into`, a size must not fill the
    disk.
    """
    path = PurePosixPath(entry.name)
    is_expected = entry.name == DATABASE or (
        path.parts[:1] == (MEDIA,) and len(path.parts) > 1 and ".." not in path.parts
    )
    if not is_expected or not entry.isreg() or entry.issparse():
        raise DamagedArchive(f"{entry.name!r} has no place in a backup")
    if entry.size > shutil.disk_usage(into).free - MIN_FREE_BYTES:
        raise DamagedArchive(f"{entry.name!r} has {entry.size:,} bytes, for which there is no room here")
    target = into / path
    target.parent.mkdir(parents=True, exist_ok=True)
    checksum = hashlib.sha256()
    with target.open("xb") as opened:
        for block in _blocks(archive.extractfile(entry)):
            checksum.update(block)
            opened.write(block)
    return {"size": entry.size, "sha256": checksum.hexdigest()}


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    while block := opened.read(BLOCK):
        yield block


def _compare(manifest: object, unpacked: dict[str, dict]) -> None:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise DamagedArchive("its list of files is missing: it breaks off")
    if manifest.get("format") != FORMAT:
        raise DamagedArchive(
            f"its format is {str(manifest.get('format'))[:20]!r}, which this release cannot read"
        )
    if wrong := [name for name, kind in MANIFEST_TYPES.items() if not isinstance(manifest.get(name), kind)]:
        raise DamagedArchive(f"its list does not say what {wrong[0]!r} is")
    if not all(isinstance(name, str) for name in manifest["migrations"]):
        raise DamagedArchive("its list names migrations that are none")
    listed = manifest["files"]
    if wrong := sorted(
        name for name in listed.keys() | unpacked.keys() if listed.get(name) != unpacked.get(name)
    ):
        raise DamagedArchive(
            f"{wrong[0]} is not what was backed up"
            + (f", and so for {len(wrong) - 1} more" if wrong[1:] else "")
        )
    if DATABASE not in listed:
        raise DamagedArchive("it holds no database")

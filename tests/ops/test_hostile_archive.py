"""Malicious files in the place of backups: refused in one line, with nothing written outside and little
read.
"""

import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ictiger.ops import archive

X_FILE = {"size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}  # of "x"
MANIFEST = {
    "format": 1,
    "made_at": "2026-11-23T08:00:00+00:00",
    "release": "a",
    "database": "sqlite",
    "migrations": [],
    "files": {"database": X_FILE},
}


def member(name: str, body: bytes = b"x", **fields) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry, body


def pack(target: Path, *members: tuple[tarfile.TarInfo, bytes], manifest: object = MANIFEST) -> Path:
    with tarfile.open(target, "w:gz") as new:
        for entry, body in members:
            new.addfile(entry, io.BytesIO(body))
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        entry, body = member(archive.MANIFEST, text)
        new.addfile(entry, io.BytesIO(body))
    return target


MEMBERS = {
    "no name": member(""),
    "the folder itself": member("."),
    "above": member(".."),
    "climbs": member("media/../../x"),
    "absolute": member("/etc/x"),
    "file in the place of the pictures": member("media"),
    "folder in the place of the database": member("database/x"),
    "symbolic link": member("media/x", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": member("media/x", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device": member("media/x", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "pipe": member("media/x", b"", type=tarfile.FIFOTYPE),
    "folder": member("media/x", b"", type=tarfile.DIRTYPE),
    "backslashes": member("..\\x"),
    "twice": member("database"),
    "name that is too long": member("media/" + "x" * 300),
    "NUL in a name": member("media/x", pax_headers={"path": "media/a\x00b"}),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_member_that_does_not_belong_into_a_backup_is_refused(tmp_path, name):
    into = tmp_path / "site" / "into"
    into.mkdir(parents=True)
    entry, _body = MEMBERS[name]
    manifest = MANIFEST | {"files": {"database": X_FILE, entry.name: X_FILE}}
    bad = pack(tmp_path / "bad.tar.gz", member("database"), MEMBERS[name], manifest=manifest)
    with pytest.raises(archive.DamagedArchive):
        archive.unpack_archive(bad, into)
    assert {path.name for path in tmp_path.iterdir()} == {"bad.tar.gz", "site"}
    assert list((tmp_path / "site").iterdir()) == [into]
    assert not any(path.is_symlink() for path in into.rglob("*"))


MANIFESTS = {
    "no JSON": b"{",
    "nested without end": b"[" * 200_000,
    "no object": [],
    "no UTF-8": b"\xff",
    "number without end": b'{"format": ' + b"9" * 5_000 + b"}",
    "files no object": MANIFEST | {"files": []},
    "another format": MANIFEST | {"format": "1"},
    "without a time": {name: value for name, value in MANIFEST.items() if name != "made_at"},
    "without its kind": {name: value for name, value in MANIFEST.items() if name != "database"},
    "kind no text": MANIFEST | {"database": ["sqlite"]},
    "without migrations": {name: value for name, value in MANIFEST.items() if name != "migrations"},
    "migrations no list": MANIFEST | {"migrations": "x"},
    "migrations no texts": MANIFEST | {"migrations": [{}]},
    "time no text": MANIFEST | {"made_at": {"a": 1}},
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", MANIFESTS)
def test_malformed_manifest_is_refused(tmp_path, name, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    bad = pack(tmp_path / "bad.tar.gz", member("database"), manifest=MANIFESTS[name])
    with pytest.raises(CommandError, match=r"is damaged: .* Nothing was changed\."):
        call_command("restore", str(bad), "--yes")
    assert not settings.MEDIA_ROOT.exists()


def sparse(claimed_size: int) -> tuple[tarfile.TarInfo, bytes]:
    """Return a sparse file that claims to be large and has no byte in the archive."""
    return member("media/x", b"", pax_headers={"GNU.sparse.size": str(claimed_size), "GNU.sparse.map": "0,0"})


def test_sparse_file_is_refused(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.DamagedArchive, match="'media/x' has no place"):
        archive.unpack_archive(pack(tmp_path / "bad.tar.gz", member("database"), sparse(10**10)), into)
    assert not (into / "media").exists()


def test_file_too_large_for_the_disk_is_not_written(tmp_path, monkeypatch):
    into = tmp_path / "into"
    into.mkdir()
    free = shutil.disk_usage(into).free
    monkeypatch.setattr(archive, "MIN_FREE_BYTES", free - 20_000_000)
    bomb = pack(tmp_path / "bomb.tar.gz", member("database"), member("media/x", bytes(50_000_000)))
    with pytest.raises(
        archive.DamagedArchive, match="'media/x' has 50,000,000 bytes, for which there is no room"
    ):
        archive.unpack_archive(bomb, into)
    assert not (into / "media").exists()


def test_oversized_manifest_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MANIFEST", 10_000)
    with pytest.raises(archive.DamagedArchive, match="its list of files is longer than 10,000 bytes"):
        archive.unpack_archive(pack(tmp_path / "bad.tar.gz", manifest=b" " * 10_001), tmp_path)

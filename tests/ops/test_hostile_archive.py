"""Files that call themselves backups and were made to do harm: refused in one line, with nothing outside touched and little read."""

import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ictiger.ops import archive

HASH = {"size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}  # of "x"
WHOLE = {
    "format": 1,
    "made_at": "2026-11-23T08:00:00+00:00",
    "release": "a",
    "database": "sqlite",
    "migrations": [],
    "files": {"database": HASH},
}


def member(name: str, body: bytes = b"x", **fields) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry, body


def packed(target: Path, *members: tuple[tarfile.TarInfo, bytes], told: object = WHOLE) -> Path:
    with tarfile.open(target, "w:gz") as new:
        for entry, body in members:
            new.addfile(entry, io.BytesIO(body))
        text = told if isinstance(told, bytes) else json.dumps(told).encode()
        new.addfile(
            *[each if n == 0 else io.BytesIO(each) for n, each in enumerate(member(archive.MANIFEST, text))]
        )
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
def test_member_that_is_no_part_of_a_backup(tmp_path, name):
    into = tmp_path / "site" / "into"
    into.mkdir(parents=True)
    entry, _body = MEMBERS[name]
    told = WHOLE | {"files": {"database": HASH, entry.name: HASH}}
    bad = packed(tmp_path / "bad.tar.gz", member("database"), MEMBERS[name], told=told)
    with pytest.raises(archive.DamagedArchive):
        archive.unpack_archive(bad, into)
    assert {path.name for path in tmp_path.iterdir()} == {"bad.tar.gz", "site"}
    assert list((tmp_path / "site").iterdir()) == [into]
    assert not any(path.is_symlink() for path in into.rglob("*"))


LISTS = {
    "no JSON": b"{",
    "nested without end": b"[" * 200_000,
    "no object": [],
    "no UTF-8": b"\xff",
    "number without end": b'{"format": ' + b"9" * 5_000 + b"}",
    "files no object": WHOLE | {"files": []},
    "another format": WHOLE | {"format": "1"},
    "without a time": {name: value for name, value in WHOLE.items() if name != "made_at"},
    "without its kind": {name: value for name, value in WHOLE.items() if name != "database"},
    "kind no text": WHOLE | {"database": ["sqlite"]},
    "without migrations": {name: value for name, value in WHOLE.items() if name != "migrations"},
    "migrations no list": WHOLE | {"migrations": "x"},
    "migrations no texts": WHOLE | {"migrations": [{}]},
    "time no text": WHOLE | {"made_at": {"a": 1}},
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", LISTS)
def test_list_that_nobody_wrote(tmp_path, name, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    bad = packed(tmp_path / "bad.tar.gz", member("database"), told=LISTS[name])
    with pytest.raises(CommandError, match=r"is damaged: .* Nothing was changed\."):
        call_command("restore", str(bad), "--yes")
    assert not settings.MEDIA_ROOT.exists()


def sparse(claims: int) -> tuple[tarfile.TarInfo, bytes]:
    """A file of gigabytes without a byte of it in the archive."""
    return member("media/x", b"", pax_headers={"GNU.sparse.size": str(claims), "GNU.sparse.map": "0,0"})


def test_holes_are_not_filled(tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.DamagedArchive, match="'media/x' has no place"):
        archive.unpack_archive(packed(tmp_path / "bad.tar.gz", member("database"), sparse(10**10)), into)
    assert not (into / "media").exists()


def test_file_for_which_there_is_no_room_is_not_begun(tmp_path, monkeypatch):
    into = tmp_path / "into"
    into.mkdir()
    free = shutil.disk_usage(into).free
    monkeypatch.setattr(archive, "MIN_FREE_BYTES", free - 20_000_000)
    bomb = packed(tmp_path / "bomb.tar.gz", member("database"), member("media/x", bytes(50_000_000)))
    with pytest.raises(
        archive.DamagedArchive, match="'media/x' has 50,000,000 bytes, for which there is no room"
    ):
        archive.unpack_archive(bomb, into)
    assert not (into / "media").exists()


def test_list_without_end_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MANIFEST", 10_000)
    with pytest.raises(archive.DamagedArchive, match="its list of files is longer than 10,000 bytes"):
        archive.unpack_archive(packed(tmp_path / "bad.tar.gz", told=b" " * 10_001), tmp_path)

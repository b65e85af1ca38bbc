"""Small file operations that the page store's maintenance and statistics share."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def replace_file(path: Path, content: bytes) -> None:
    """Write a file and rename it into place, so that no reader sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{uuid4().hex}")
    new.write_bytes(content)
    new.rename(path)


def list_folder(folder: bytes) -> list[bytes]:
    """The paths of everything in a folder; empty when there is no such folder."""
    with suppress(FileNotFoundError):
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    return []

"""The writes of pictures and their files. Each is one `public_write()`.

A new file is written before the row that names it, and taken away again if the row is not saved. A file that
no row names any more is removed after COMMIT.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from articles.models import FormerFile, Image
from ictiger.core.text import strip_unstorable
from ictiger.pagecache.public_write import public_write

from .intake import Stored, read_upload
from .uses import complete_uses

DESCRIPTION = ("alt", "caption", "credit", "focus_x", "focus_y")

logger = logging.getLogger("ictiger.images")


def add_image(*, upload: File, alt: str, caption: str = "", credit: str = "", **focus: int) -> Image:
    """Check an uploaded picture and save it. `focus` is `focus_x` and `focus_y`.

    Raises ValidationError with a message for the editor.
    """
    stored = read_upload(upload)
    image = Image(
        alt=strip_unstorable(alt),
        caption=strip_unstorable(caption),
        credit=strip_unstorable(credit),
        **focus,
    )
    image.width, image.height = stored.size
    image.clean_fields(exclude=["file"])
    with _removed_on_failure(image), public_write() as write:
        _store(image, stored)
        image.save()
        write.touch(image)
    return image


def replace_file(image: Image, upload: File) -> None:
    """Replace the picture's file, in every text that shows it.

    Its URL changes, so that browsers do not show the old one from their cache. Texts that name the old URL
    show the new file; the old one is gone.
    """
    stored = read_upload(upload)
    with _removed_on_failure(image), _write(image) as old_files:
        FormerFile.objects.get_or_create(name=image.file.name, defaults={"image": image})
        _store(image, stored)
        image.renditions, image.link_preview = [], ""
        _begin_anew(image)
        image.save()
        remove_after_commit(set(old_files) - set(image.file_names))


def save_description(image: Image) -> None:
    """Save the picture's words and its focus. What is cropped by the focus is made again."""
    with public_write(image):
        stored = Image.objects.get(pk=image.pk)
        if (stored.focus_x, stored.focus_y) != (image.focus_x, image.focus_y):
            remove_after_commit({stored.link_preview} - {""})
            image.link_preview = ""
            # A worker that is at this picture goes on, and finds that it is to be made again: two at once
            # would remove each other's files.
            _begin_anew(image, claimed_until=stored.claimed_until)
        image.save()


def try_again(images: Iterable[Image]) -> int:
    """Let the job try again to make what could not be made. Returns the number of pictures."""
    keys = [image.pk for image in images]
    with public_write():
        idle = Image.objects.filter(Q(claimed_until=None) | Q(claimed_until__lte=timezone.now()), pk__in=keys)
        return idle.update(attempts=0, claimed_until=None, problem="", renditions_version=0)


def delete_images(images: Iterable[Image]) -> None:
    """Delete pictures with all their files, and purge every page that shows one."""
    images = list(images)
    for image in images:
        complete_uses(image)
    with public_write(*images):
        for stored in Image.objects.filter(pk__in=[image.pk for image in images]):
            remove_after_commit(stored.file_names)
        for image in images:
            image.delete()


def remove_after_commit(names: Iterable[str]) -> None:
    """Remove files once the transaction that forgets them is committed."""
    names = list(names)
    transaction.on_commit(lambda: remove_files(names))


def remove_files(names: Iterable[str]) -> None:
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:  # the row is gone: an editor cannot do more about it than an operator
            logger.exception("the file %s of a picture could not be removed", name)


@contextmanager
def _write(image: Image) -> Iterator[list[str]]:
    """A public write of the picture, read again and locked, with all that shows it. Yields its file names."""
    complete_uses(image)
    with public_write(image):
        described = {name: getattr(image, name) for name in DESCRIPTION}
        image.refresh_from_db()
        for name, value in described.items():
            setattr(image, name, value)
        yield image.file_names


@contextmanager
def _removed_on_failure(image: Image) -> Iterator[None]:
    before = image.file.name
    try:
        yield
    except BaseException:
        if image.file.name and image.file.name != before:
            remove_files([image.file.name, *filter(None, [image.still])])
        raise


def _store(image: Image, stored: Stored) -> None:
    image.file.save(_free_name(image, stored), ContentFile(stored.content), save=False)
    image.width, image.height = stored.size
    image.transparent, image.still = stored.transparent, ""
    if stored.still:
        path = PurePosixPath(image.file.name)
        image.still = default_storage.save(
            str(path.with_name(f"{path.stem}-still.png")), ContentFile(stored.still)
        )


def _free_name(image: Image, stored: Stored) -> str:
    """A name by the content that no picture had before: texts may name that one still."""
    digest = hashlib.sha256(stored.content).hexdigest()[:16]
    for number in count():
        name = f"{digest}-{number}.{stored.suffix}" if number else f"{digest}.{stored.suffix}"
        if not FormerFile.objects.filter(name=image.file.field.generate_filename(image, name)).exists():
            return name
    raise AssertionError("there are infinitely many names")


def _begin_anew(image: Image, claimed_until: datetime | None = None) -> None:
    image.renditions_version, image.attempts, image.claimed_until, image.problem = 0, 0, claimed_until, ""

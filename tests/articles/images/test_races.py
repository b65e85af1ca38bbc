"""Writers of one picture at the same moment, on PostgreSQL: SQLite lets one write at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connection, connections

from articles.images import add_image, delete_images, make_renditions, replace_file
from articles.models import Image, ImageUse
from articles.services import publish, save_draft
from tests.factories import make_article

from .samples import encoded, patches, upload

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races for rows on PostgreSQL only"),
]


def at_once(*jobs) -> list:
    """Run the jobs in threads that begin together. Returns their results, or what they raised."""
    barrier = Barrier(len(jobs))

    def run(job):
        barrier.wait(timeout=10)
        try:
            return job()
        except Exception as error:
            return error
        finally:
            for each in connections.all():
                each.close()

    close_old_connections()
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def files(media) -> set[str]:
    return {path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file()}


def add() -> Image:
    return add_image(upload=upload(encoded(patches(), "JPEG")), alt="x")


def test_two_workers_make_a_picture_once():
    add()
    assert sorted(at_once(make_renditions, make_renditions, make_renditions)) == [0, 0, 1]


@pytest.mark.parametrize("attempt", range(3))
def test_two_replacements_leave_one_file(media, attempt):
    image = add()
    make_renditions()
    contents = [encoded(patches((width, 100)), "JPEG") for width in (700, 800)]

    results = at_once(
        *(lambda content=content: replace_file(Image.objects.get(), upload(content)) for content in contents)
    )

    assert results == [None, None]
    image.refresh_from_db()
    assert files(media) == {image.file.name}
    assert set(image.former_files.values_list("name", flat=True)).isdisjoint({image.file.name})
    assert image.former_files.count() == 2


@pytest.mark.parametrize("attempt", range(3))
def test_deleting_while_versions_are_made_or_the_file_is_replaced_leaves_no_file(media, attempt):
    add()
    content = encoded(patches((700, 100)), "JPEG")
    at_once(
        make_renditions,
        lambda: replace_file(Image.objects.get(), upload(content)),
        lambda: delete_images(Image.objects.all()),
    )
    assert not Image.objects.exists()
    assert files(media) == set()


@pytest.mark.parametrize("attempt", range(3))
def test_publishing_while_the_picture_is_deleted(attempt):
    image = add()
    article = make_article()
    save_draft(article, body=f"![x]({image.file.url})")
    published, deleted = at_once(lambda: publish(article), lambda: delete_images([image]))
    assert deleted is None
    assert published is None or published == article or "saved at the same moment" in str(published)
    assert not ImageUse.objects.exists()

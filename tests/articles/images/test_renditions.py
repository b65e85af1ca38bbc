"""The job that makes the versions of pictures, and when it gives up."""

from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image as Picture

from articles import images
from articles.images import add_image, make_renditions, renditions, replace_file
from articles.models import Image
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_image

from .samples import distance, encoded, patches, upload

pytestmark = pytest.mark.django_db


def add(size: tuple[int, int] = (600, 400), kind: str = "JPEG", mode: str = "RGB", **fields) -> Image:
    return add_image(
        upload=upload(encoded(Picture.new(mode, size, (200, 100, 50, 128)[: len(mode)]), kind)),
        alt="x",
        **fields,
    )


def versions(image: Image) -> dict[str, list[int]]:
    image.refresh_from_db()
    found: dict[str, list[int]] = {}
    for rendition in image.renditions:
        found.setdefault(rendition["type"].removeprefix("image/"), []).append(rendition["width"])
    return found


@pytest.mark.parametrize(
    ("size", "kind", "mode", "expected"),
    [
        ((900, 1600), "JPEG", "RGB", {"avif": [480, 900], "webp": [480, 900], "jpeg": [480]}),
        ((1200, 80), "PNG", "RGB", {"avif": [480, 960, 1200], "webp": [480, 960, 1200], "jpeg": [480, 960]}),
        ((500, 80), "PNG", "RGBA", {"avif": [480, 500], "webp": [480, 500], "png": [480]}),
        ((500, 80), "AVIF", "RGB", {"avif": [480, 500], "webp": [480, 500], "jpeg": [480, 500]}),
        ((300, 80), "WEBP", "RGBA", {"avif": [300], "webp": [300], "png": [300]}),
    ],
)
def test_ladder_ends_with_the_width_of_the_picture(size, kind, mode, expected):
    image = add(size, kind, mode)
    make_renditions()
    assert versions(image) == expected
    for rendition in image.renditions:
        with Picture.open(image.file.storage.path(rendition["file"])) as made:
            made.load()
            assert made.format.lower() == rendition["type"].removeprefix("image/")
            assert made.size == (rendition["width"], round(size[1] * rendition["width"] / size[0]))
            assert made.has_transparency_data == (mode == "RGBA")


def test_format_that_cannot_hold_a_tall_picture_is_left_out():
    """WebP ends at 16,383 pixels: 700 × 20,000 becomes WebP of 480 only, and is done."""
    image = add((700, 20_000), "PNG", "L")
    assert make_renditions() == 1
    assert versions(image) == {"avif": [480, 700], "webp": [480], "jpeg": [480]}
    assert images.state_of(image) == "made"
    assert make_renditions() == 0


@pytest.fixture
def broken_webp(monkeypatch):
    """WebP cannot be written: returns the list of attempts."""
    attempts, save = [], Picture.Image.save

    def failing_save(picture, target, kind="", **options):
        if kind == "WEBP":
            attempts.append(picture.size)
            raise OSError("the encoder is out of order")
        return save(picture, target, kind, **options)

    monkeypatch.setattr(Picture.Image, "save", failing_save)
    return attempts


def test_picture_that_fails_is_given_up_after_three_attempts(broken_webp):
    image = add()
    assert [make_renditions() for _ in range(6)] == [0] * 6
    assert len(broken_webp) == 3 * len([480, 600])
    assert versions(image) == {"avif": [480, 600], "jpeg": [480]}  # what was made is used
    assert image.link_preview
    assert images.state_of(image) == "failed"
    assert "webp 480: the encoder is out of order" in image.problem
    assert list(images.failed_images()) == [image]


def test_what_was_made_is_not_made_again(broken_webp):
    image = add()
    make_renditions()
    image.refresh_from_db()
    names = [rendition["file"] for rendition in image.renditions]
    changed = {name: image.file.storage.get_modified_time(name) for name in names}
    make_renditions()
    assert {name: image.file.storage.get_modified_time(name) for name in names} == changed


def test_given_up_picture_is_tried_again_on_demand(broken_webp, monkeypatch):
    image = add()
    for _ in range(4):
        make_renditions()
    monkeypatch.undo()
    assert make_renditions() == 0

    assert images.try_again([image]) == 1

    assert make_renditions() == 1
    assert versions(image)["webp"] == [480, 600]
    assert (image.attempts, image.problem, images.state_of(image)) == (0, "", "made")


def test_given_up_picture_is_tried_again_with_another_file(broken_webp, monkeypatch):
    image = add()
    for _ in range(4):
        make_renditions()
    monkeypatch.undo()

    replace_file(image, upload(encoded(patches((500, 100)), "JPEG")))

    assert make_renditions() == 1
    assert versions(image)["webp"] == [480, 500]


def test_picture_that_kills_its_worker_is_given_up(monkeypatch):
    """An attempt counts when it begins; the next may begin when the first can no longer be running."""
    image, begun = add(), []

    class Killed(BaseException):
        pass

    def die(_made):
        begun.append(1)
        raise Killed

    monkeypatch.setattr(renditions.Made, "run", die)
    for _ in range(6):
        with pytest.raises(Killed) if waiting() else pytest.MonkeyPatch.context():
            make_renditions()
        assert make_renditions() == 0  # another worker does not take it meanwhile
        with public_write():
            Image.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert len(begun) == 3
    image.refresh_from_db()
    assert images.state_of(image) == "failed"


def waiting() -> bool:
    return images.waiting_images().exists()


def test_missing_file_is_given_up():
    image = make_image("images/missing.png")
    for _ in range(5):
        make_renditions()
    image.refresh_from_db()
    assert (image.attempts, images.state_of(image)) == (3, "failed")
    assert "missing.png" in image.problem


def test_one_that_fails_does_not_hold_up_the_others(broken_webp, monkeypatch):
    monkeypatch.setattr(renditions, "MAX_PER_RUN", 1)
    add((100, 50), "PNG")
    failing = add()
    for _ in range(3):
        assert make_renditions() == 0
    monkeypatch.undo()
    assert make_renditions() == 1
    assert list(images.failed_images()) == [failing]


def test_file_replaced_meanwhile_keeps_no_versions_of_the_old_one(monkeypatch):
    image = add()
    made_of_old = []
    run = renditions.Made.run

    def run_and_replace(made):
        run(made)
        made_of_old.extend(made.new_files)
        replace_file(Image.objects.get(pk=image.pk), upload(encoded(patches((500, 100)), "JPEG")))

    monkeypatch.setattr(renditions.Made, "run", run_and_replace)
    assert make_renditions() == 0
    image.refresh_from_db()
    assert (image.width, image.renditions, image.link_preview) == (500, [], "")
    assert len(made_of_old) == 6
    assert not [name for name in made_of_old if image.file.storage.exists(name)]


def test_picture_deleted_meanwhile_leaves_no_files(monkeypatch, media, django_capture_on_commit_callbacks):
    add()
    run = renditions.Made.run

    def run_and_delete(made):
        run(made)
        images.delete_images([made.image])

    monkeypatch.setattr(renditions.Made, "run", run_and_delete)
    with django_capture_on_commit_callbacks(execute=True):
        make_renditions()
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_versions_of_an_older_release_are_made_anew():
    """Version 1.0.0 ended its ladder below the picture's width, and made AVIF that Chromium cannot show."""
    image = add()
    old = image.file.storage.save("images/old-480.avif", upload(b"old"))
    with public_write(image):
        image.renditions = [{"file": old, "type": "image/avif", "width": 480}]
        image.save()
    assert make_renditions() == 1
    assert versions(image)["avif"] == [480, 600]
    assert old not in [rendition["file"] for rendition in image.renditions]


# --- the picture for previews of links ----------------------------------------------------------------------


@pytest.mark.parametrize(("focus", "expected"), [(0, (255, 0, 0)), (100, (0, 0, 255)), (50, (0, 255, 0))])
def test_link_preview_is_cropped_around_the_focus(focus, expected):
    picture = Picture.new("RGB", (4_000, 630))
    for place, colour in ((0, "red"), (1_300, "lime"), (2_700, "blue")):
        picture.paste(colour, (place, 0, 4_000, 630))
    image = add_image(upload=upload(encoded(picture, "PNG")), alt="x", focus_x=focus)
    make_renditions()
    image.refresh_from_db()
    with Picture.open(image.file.storage.path(image.link_preview)) as preview:
        assert (preview.format, preview.size, preview.mode) == ("JPEG", (1200, 630), "RGB")
        assert distance(preview.getpixel((600, 300)), expected) < 20


def test_link_preview_of_a_transparent_picture_has_a_white_ground():
    image = add_image(upload=upload(encoded(Picture.new("RGBA", (300, 200)), "PNG")), alt="x")
    make_renditions()
    image.refresh_from_db()
    with Picture.open(image.file.storage.path(image.link_preview)) as preview:
        assert distance(preview.getpixel((5, 5)), (255, 255, 255)) < 3


def test_another_focus_makes_another_link_preview(django_capture_on_commit_callbacks):
    image = add()
    make_renditions()
    image.refresh_from_db()
    before = image.link_preview
    image.focus_x = 10
    with django_capture_on_commit_callbacks(execute=True):
        images.save_description(image)
    assert not image.file.storage.exists(before)

    make_renditions()

    image.refresh_from_db()
    assert image.link_preview not in ("", before)


def test_pages_name_the_link_preview(stranger):
    cover = add((1400, 900))
    article = make_article(cover=cover)
    assert f"testserver{cover.file.url}" in stranger.get(article.get_absolute_url()).content.decode()

    make_renditions()

    cover.refresh_from_db()
    html = stranger.get(article.get_absolute_url()).content.decode()
    url = f"http://testserver/media/{cover.link_preview}"
    assert f'<meta property="og:image" content="{url}">' in html
    assert '<meta property="og:image:width" content="1200">' in html
    assert '<meta property="og:image:height" content="630">' in html
    assert f'"image": "{url}"' in html

"""Animations: stored as WebP that moves, with a still for readers who asked for reduced motion."""

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from PIL import Image as Picture

from articles.images import add_image, animation, make_renditions
from articles.templatetags.pictures import picture

from .samples import distance, encoded, upload

pytestmark = pytest.mark.django_db


def moving(kind: str = "GIF", number: int = 3, size: tuple[int, int] = (600, 300), **options) -> bytes:
    """Red, blue, green, red, …"""
    frames = [Picture.new("RGB", size, ("red", "blue", "green")[n % 3]) for n in range(number)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_animation_is_stored_as_webp_with_its_timing(kind):
    image = add_image(upload=upload(moving(kind, duration=[100, 200, 300], loop=0)), alt="x")

    assert (image.file.name.endswith(".webp"), image.width, image.height) == (True, 600, 300)
    with Picture.open(image.file.path) as stored:
        found = []
        for number in range(stored.n_frames):
            stored.seek(number)
            stored.load()
            found.append((stored.info["duration"], stored.convert("RGB").getpixel((5, 5))))
        assert (stored.n_frames, stored.info["loop"]) == (3, 0)
    assert [duration for duration, _colour in found] == [100, 200, 300]
    expected = [(255, 0, 0), (0, 0, 255), (0, 128, 0)]
    assert all(distance(colour, each) < 12 for (_, colour), each in zip(found, expected, strict=True))


def test_animation_that_plays_once_is_stored_so():
    image = add_image(upload=upload(moving(duration=100)), alt="x")
    with Picture.open(image.file.path) as stored:
        assert stored.info["loop"] == 1


def test_reduced_motion_shows_the_still():
    image = add_image(upload=upload(moving(duration=100, loop=0)), alt="x")
    with Picture.open(image.file.storage.path(image.still)) as still:
        assert (still.format, getattr(still, "n_frames", 1), still.size) == ("PNG", 1, (600, 300))
        assert still.getpixel((5, 5)) == (255, 0, 0)

    make_renditions()

    image.refresh_from_db()
    for name in [*(rendition["file"] for rendition in image.renditions), image.link_preview]:
        with Picture.open(image.file.storage.path(name)) as made:
            assert getattr(made, "n_frames", 1) == 1
            assert distance(made.convert("RGB").getpixel((5, 5)), (255, 0, 0)) < 12
    html = picture(image)
    assert html.count("<source") == html.count('<source media="(prefers-reduced-motion: reduce)"') == 3
    assert f'<img src="{image.file.url}" width="600"' in html


def test_transparent_animation_keeps_its_ground():
    frames = [Picture.new("RGBA", (50, 50), (255, 0, 0, alpha)) for alpha in (0, 255)]
    content = BytesIO()
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    image = add_image(upload=upload(content.getvalue()), alt="x")
    with Picture.open(image.file.path) as stored:
        assert stored.convert("RGBA").getpixel((5, 5))[3] == 0
    assert image.transparent


def test_animation_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    content = moving()
    monkeypatch.setattr(animation, "MAX_PIXELS", 300 * 600 * 2)
    monkeypatch.setattr(animation.ImageSequence, "Iterator", lambda _picture: pytest.fail("decoded"))
    with pytest.raises(ValidationError, match="too long: 3 frames of 600 × 300 pixels"):
        add_image(upload=upload(content), alt="x")


def test_damaged_animation_is_refused():
    content = moving(number=6, size=(200, 200), duration=100)
    with pytest.raises(ValidationError, match="damaged"):
        add_image(upload=upload(content[: len(content) // 2]), alt="x")


def test_animation_in_another_format_is_refused():
    with pytest.raises(ValidationError, match="accepted as GIF or WebP"):
        add_image(upload=upload(moving("AVIF", size=(60, 30))), alt="x")

"""HEIC photographs: refused by name, or read where the optional package pi-heif is installed.

`data/wide_gamut.heic` has the patches of `samples.patches` in a wide gamut, turned by its Exif orientation.
"""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from PIL import Image as Picture

from articles.admin.images import ImageForm
from articles.images import add_image, heic
from articles.models import Image

from .samples import COLOURS, distance, patch_colours, upload

pytestmark = pytest.mark.django_db

PHOTOGRAPH = (Path(__file__).parent / "data" / "wide_gamut.heic").read_bytes()


def test_photograph_is_refused_by_name_without_the_package(monkeypatch):
    monkeypatch.setattr(heic, "formats", tuple)
    with pytest.raises(ValidationError, match="a HEIC photograph, which browsers do not show"):
        add_image(upload=upload(PHOTOGRAPH, "x.heic"), alt="x")


@pytest.mark.parametrize("formats", [(), ("HEIF",)])
def test_form_offers_what_can_be_read(monkeypatch, formats):
    monkeypatch.setattr(heic, "formats", lambda: formats)
    form = modelform_factory(Image, form=ImageForm, fields=[])(instance=Image())
    accepted = form.fields["upload"].widget.attrs["accept"]
    assert ("image/heic" in accepted) == bool(formats)


def test_avif_is_no_heic():
    assert not heic.is_heic(b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf")
    assert heic.is_heic(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic")


def test_photograph_becomes_a_jpeg_in_srgb():
    pytest.importorskip("pi_heif", reason="HEIC is optional: uv sync --extra heic")
    heic.formats.cache_clear()
    image = add_image(upload=upload(PHOTOGRAPH, "x.heic"), alt="x")
    with Picture.open(image.file.path) as stored:
        assert (stored.format, stored.size) == ("JPEG", (200, 600))
        assert "icc_profile" not in stored.info
        assert not stored.getexif()
        found = patch_colours(stored.rotate(90, expand=True))
    assert max(map(distance, found, COLOURS)) <= 16

"""Generated covers: deterministic, not empty, small."""

from io import BytesIO

import pytest
from PIL import Image

from articles.generated_covers import HEIGHT, MOTIFS, WIDTH, draw_cover, generated_cover_file


@pytest.mark.parametrize("motif", MOTIFS)
def test_cover_depends_on_its_seed_only(motif: str):
    once, again, other = draw_cover("loans", motif), draw_cover("loans", motif), draw_cover("claims", motif)
    assert once.size == (WIDTH, HEIGHT)
    assert once.tobytes() == again.tobytes()
    assert once.tobytes() != other.tobytes()


def test_cover_is_not_a_single_colour():
    colours = draw_cover("stripes").getcolors(maxcolors=WIDTH * HEIGHT)
    assert max(count for count, _ in colours) < 0.9 * WIDTH * HEIGHT


def test_cover_file_is_a_small_webp():
    data = generated_cover_file("loans")
    assert Image.open(BytesIO(data)).format == "WEBP"
    assert len(data) < 120_000


def test_unknown_motif_raises_key_error():
    with pytest.raises(KeyError):
        draw_cover("loans", "spiral")

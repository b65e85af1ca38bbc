"""Pictures in Chromium: every version shows what was uploaded, phones load little, drawings open large."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from PIL import Image as Picture

from articles.images import add_image, make_renditions
from articles.models import Image
from tests.articles.images.samples import (
    COLOURS,
    PRESS_PATCHES,
    WIDE_GAMUT,
    encoded,
    for_print,
    grey_profile,
    in_space,
    patches,
)
from tests.factories import make_article, make_image

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# Decodes a picture and gives the colours in the middle of its patches, and its size.
READ = """async ([url, patches]) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const middle = [...Array(patches).keys()].map((n) => (n + 0.5) / patches);
    const at = (x) => context.getImageData(x * canvas.width, canvas.height / 2, 1, 1).data;
    const pixel = (x) => [...at(x).slice(0, 3)];
    return [canvas.width, middle.map(pixel)];
}"""
GREY = [tuple([round(0.299 * r + 0.587 * g + 0.114 * b)] * 3) for r, g, b in COLOURS]
ENCODING = 5  # of CIE's delta E 1976: AVIF of AVIF costs 4.3; a wrong profile costs 20 and more


def lab(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """CIELAB (D65) of a colour in sRGB (IEC 61966-2-1; CIE 15:2004, 8.2.1)."""
    red, green, blue = (
        (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in (c / 255 for c in colour)
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def delta_e(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def uploads() -> dict[str, tuple[bytes, list]]:
    """Files of every kind, and the colours that they mean."""
    picture = patches((1200, 200))
    cmyk, printed = for_print(picture.size), list(PRESS_PATCHES.values())
    return {
        "jpeg": (encoded(picture, "JPEG", quality=95), COLOURS),
        "palette": (encoded(picture.quantize(8), "PNG"), COLOURS),
        "wide gamut": (encoded(in_space(picture, WIDE_GAMUT), "PNG", icc_profile=WIDE_GAMUT), COLOURS),
        "webp": (encoded(picture, "WEBP", quality=95), COLOURS),
        "avif": (encoded(picture, "AVIF", quality=95), COLOURS),
        "grey": (encoded(picture.convert("L"), "JPEG", quality=95), GREY),
        "grey with a profile": (
            encoded(picture.convert("L"), "JPEG", quality=95, icc_profile=grey_profile()),
            None,
        ),
        "for print": (encoded(cmyk, "JPEG", quality=95), printed),
        "garbage profile": (encoded(picture, "JPEG", quality=95, icc_profile=b"garbage" * 99), COLOURS),
    }


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("kind", uploads())
def test_every_version_shows_the_colours_of_the_source(open_article, live_site, kind):
    content, expected = uploads()[kind]
    image = add_image(upload=ContentFile(content, name="x"), alt="x")
    make_renditions()
    image.refresh_from_db()
    page = open_article()
    if expected is None:  # by Chromium's own reading of the file as it came
        (Path(image.file.storage.location) / "source.jpg").write_bytes(content)
        expected = page.evaluate(READ, [f"{live_site}/media/source.jpg", len(COLOURS)])[1]
    files = [(image.file.name, 1200), *((each["file"], each["width"]) for each in image.renditions)]
    assert len(files) in (9, 10)  # AVIF and WebP in three widths, the file, and JPEG in the other widths
    worst = {}
    for name, width in files:
        found_width, colours = page.evaluate(READ, [f"{live_site}/media/{name}", len(COLOURS)])
        assert found_width == width, name
        worst[name] = max(map(delta_e, colours, expected))
    assert max(worst.values()) <= ENCODING, worst


def photograph(size: tuple[int, int] = (3000, 2250)) -> bytes:
    """A picture with as much detail as a photograph: 3 MB and more as JPEG."""
    soft = [Picture.effect_noise((60, 45), 120).resize(size, Picture.Resampling.BICUBIC) for _ in range(3)]
    grain = Picture.effect_noise(size, 40).convert("RGB")
    return encoded(Picture.blend(Picture.merge("RGB", soft), grain, 0.1), "JPEG", quality=97)


def test_phone_loads_little_of_a_large_picture(open_article, live_site, browse):
    content = photograph()
    assert len(content) > 3_000_000
    image = add_image(upload=ContentFile(content, name="x.jpg"), alt="x")
    make_renditions()
    article = make_article(body=f"Before.\n\n![x]({image.file.url})")
    page, loaded = browse(width=390), {}
    page.on("response", lambda r: "/media/" in r.url and loaded.update({r.url: len(r.body())}))

    page.goto(live_site + article.get_absolute_url())
    picture = page.locator(".prose img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.prose img').complete")

    assert picture.evaluate("img => img.naturalWidth") > 0
    assert picture.bounding_box()["width"] <= 390
    assert len(loaded) == 1
    assert sum(loaded.values()) <= 300_000, loaded


DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 640">'
    '<rect width="960" height="640" fill="#fff"/>'
    '<text x="20" y="60" font-size="20">Claim 1</text></svg>'
)


@pytest.fixture
def drawing(media, settings) -> Image:
    path = Path(settings.MEDIA_ROOT) / "images" / "drawing.svg"
    path.parent.mkdir(parents=True)
    path.write_text(DRAWING)
    return make_image("images/drawing.svg", width=960, height=640, alt="Two claims")


def test_drawing_opens_at_its_own_size(live_site, browse, drawing):
    """Its text of 20 units is 8 pixels high in the page, and 20 when opened. Escape closes it."""
    article = make_article(body=f"![Two claims]({drawing.file.url})")
    page = browse(width=390)
    page.goto(live_site + article.get_absolute_url())

    page.get_by_role("link", name="Two claims").click()

    view = page.get_by_role("dialog", name="Two claims")
    assert view.locator("img").bounding_box()["width"] == 960
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    box = view.locator(".full-size-box")
    assert box.evaluate("box => { box.scrollLeft = 500; return box.scrollLeft; }") == 500
    page.keyboard.press("Escape")
    assert view.count() == 0
    assert page.evaluate("document.activeElement.className") == "full-size"


def test_drawing_opens_without_script(live_site, browse, drawing):
    article = make_article(body=f"![Two claims]({drawing.file.url})")
    page = browse(width=390, javascript=False)
    page.goto(live_site + article.get_absolute_url())
    page.get_by_role("link", name="Two claims").click()
    assert page.url == live_site + drawing.file.url


def test_small_picture_is_not_enlarged(live_site, browse):
    image = add_image(upload=ContentFile(encoded(patches((120, 60)), "PNG"), name="x.png"), alt="x")
    make_renditions()
    article = make_article(body=f"![x]({image.file.url})")
    for width in (390, 1280):
        page = browse(width=width)
        page.goto(live_site + article.get_absolute_url())
        assert page.locator(".prose img").bounding_box()["width"] == 120


def test_focus_of_a_cover_stays_in_view(live_site, browse):
    image = add_image(
        upload=ContentFile(encoded(patches((900, 1600)), "JPEG"), name="x.jpg"),
        alt="x",
        focus_x=0,
        focus_y=92,
    )
    make_renditions()
    article = make_article(cover=image)
    page = browse()
    page.goto(live_site + article.get_absolute_url())
    cover = page.locator(".article-cover img")
    assert cover.evaluate("img => getComputedStyle(img).objectPosition") == "0% 90%"
    assert cover.evaluate("img => img.currentSrc").endswith("-900w.avif")


def test_transparent_drawing_has_a_light_ground_in_the_dark(live_site, browse):
    drawing = Picture.new("RGBA", (600, 300))
    image = add_image(upload=ContentFile(encoded(drawing, "PNG"), name="x.png"), alt="x")
    article = make_article(body=f"![x]({image.file.url})")
    page = browse(dark=True)
    page.goto(live_site + article.get_absolute_url())
    ground = page.locator(".prose img").evaluate("img => getComputedStyle(img).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_click_on_the_preview_sets_the_focus(live_site, browse, sign_in):
    from tests.factories import make_user

    image = add_image(upload=ContentFile(encoded(patches((480, 240)), "PNG"), name="x.png"), alt="x")
    page = browse()
    sign_in(page, make_user(group="Editor"))
    page.goto(f"{live_site}/admin/articles/image/{image.pk}/change/")
    page.locator("[data-focus-preview] img").click(position={"x": 96, "y": 180})
    assert [page.locator(f"input[name=focus_{axis}]").input_value() for axis in "xy"] == ["20", "75"]
    mark = page.locator(".focus-mark").evaluate("mark => [mark.style.left, mark.style.top]")
    assert mark == ["20%", "75%"]
    page.locator("input[name=_save]").click()
    page.wait_for_url(f"{live_site}/admin/articles/image/")
    image.refresh_from_db()
    assert (image.focus_x, image.focus_y) == (20, 75)

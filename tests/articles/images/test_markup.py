"""The HTML of pictures in covers, texts and feeds."""

import re

import pytest

from articles.images import add_image, make_renditions, plain_pictures
from articles.models import Image
from articles.templatetags.pictures import picture, text_with_pictures
from tests.factories import make_article, make_image

from .samples import encoded, patches, upload

pytestmark = pytest.mark.django_db


def made(width: int = 1200, kind: str = "JPEG", **fields) -> Image:
    image = add_image(upload=upload(encoded(patches((width, 300)), kind)), **{"alt": "Patches", **fields})
    make_renditions()
    image.refresh_from_db()
    return image


def in_text(image: Image, text: str = "") -> str:
    body = text or f'![A "b" < c]({image.file.url} "A caption.")'
    return text_with_pictures(make_article(body=body).body_html)


def test_picture_in_a_text_has_all_versions():
    image = made()
    stem = image.file.url.removesuffix(".jpg")

    html = in_text(image)

    sources = re.findall(r'<source type="image/(\w+)" srcset="([^"]*)" sizes="[^"]+">', html)
    assert sources == [
        (
            kind,
            f"{stem}-480w.{kind} 480w, {stem}-960w.{kind} 960w, {stem}-1200w.{kind} 1200w",
        )
        for kind in ("avif", "webp")
    ]
    assert f'srcset="{stem}-480w.jpg 480w, {stem}-960w.jpg 960w, {image.file.url} 1200w"' in html
    assert f'<img src="{image.file.url}"' in html
    assert 'width="1200" height="300"' in html
    assert 'alt="A &quot;b&quot; &lt; c"' in html
    assert 'loading="lazy" decoding="async"' in html
    assert "<figcaption>A caption.</figcaption>" in html


def test_large_picture_opens_in_full():
    image = made()
    html = in_text(image)
    full = image.file.url.replace(".jpg", "-1200w.webp")
    assert f'<figure><a class="full-size" href="{full}" data-close="Close"><picture>' in html
    assert '<span class="visually-hidden">Open the picture in full size</span></a><figcaption>' in html


def test_drawing_opens_in_full():
    """Text of 20 units in a drawing of 960 is 8 pixels high on a phone."""
    image = make_image("images/a.svg", width=960, height=600)
    html = in_text(image)
    assert (
        '<a class="full-size" href="/media/images/a.svg" data-close="Close"><img src="/media/images/a.svg"'
        in html
    )


def test_small_picture_neither_opens_nor_grows():
    html = in_text(made(300))
    assert "full-size" not in html
    assert 'class="small"' in html


def test_linked_picture_keeps_its_link():
    image = made()
    html = in_text(image, f"[![x]({image.file.url})](/about/)")
    assert html.count("<a ") == 1
    assert 'href="/about/"' in html
    assert "<picture>" in html


def test_picture_within_a_sentence():
    image = made()
    html = in_text(image, f"Before ![x]({image.file.url}) after.")
    assert re.fullmatch(r"<p>Before <picture>.*</picture> after\.</p>", html)


def test_text_with_pictures_asks_one_query(django_assert_num_queries):
    images = [made(width) for width in (500, 600, 700)]
    body = "\n\n".join(f"![x]({image.file.url})" for image in images)
    html = make_article(body=body).body_html
    with django_assert_num_queries(1):
        assert text_with_pictures(html).count("<picture>") == 3
    with django_assert_num_queries(0):
        assert text_with_pictures("<p>No picture.</p>") == "<p>No picture.</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<p><img src="/media/images/unknown.png" alt="x"></p>',
        '<p><img src="/static/x.png" alt="x"></p>',
        "<p>&lt;img src=/media/images/unknown.png&gt; <code>/media/images/unknown.png</code></p>",
        '<p><a href="/media/images/unknown.png">x</a></p>',
    ],
)
def test_what_is_no_picture_of_ours_stays_as_it_is(html):
    assert text_with_pictures(html) == html


def test_picture_at_the_beginning_is_loaded_first():
    image = made()
    url = image.file.url
    article = make_article(body=f"![x]({url})\n\n{'Word. ' * 300}\n\n![y]({url})")
    html = text_with_pictures(article.body_html, eager=True)
    assert html.count('fetchpriority="high"') == 1
    assert html.count('loading="lazy"') == 1
    assert html.index("fetchpriority") < html.index("lazy")
    assert "fetchpriority" not in text_with_pictures(article.body_html)


@pytest.mark.parametrize("has_cover", [True, False])
def test_one_picture_of_a_page_is_loaded_first(stranger, has_cover):
    image = made()
    cover = {"cover": image} if has_cover else {}
    article = make_article(body=f"![in the text]({image.file.url})", **cover)
    html = stranger.get(article.get_absolute_url()).content.decode()
    assert html.count('fetchpriority="high"') == 1
    text = html[html.index('class="article-text') :]
    assert ('fetchpriority="high"' in text) != has_cover


def test_focus_of_a_cover_is_a_class():
    """The content policy forbids a style in the HTML."""
    assert 'class="focus-x-10 focus-y-100"' in picture(made(focus_x=12, focus_y=97))
    assert "class=" not in picture(made(focus_x=52, focus_y=48))


def test_transparent_picture_stands_on_a_light_ground():
    drawing = patches().convert("RGBA")
    drawing.putalpha(drawing.getchannel("R"))
    image = add_image(upload=upload(encoded(drawing, "PNG")), alt="x")
    assert 'class="on-light"' in picture(image)
    assert "on-light" not in picture(made())


def test_feeds_have_plain_pictures_of_a_moderate_width(django_assert_num_queries):
    images = [made(2000), made(500), made(1100, "WEBP")]
    texts = [make_article(body=f"![x]({image.file.url})").body_html for image in images]
    with django_assert_num_queries(1):
        large, small, webp = plain_pictures(texts)
    stem = images[0].file.url.removesuffix(".jpg")
    assert f'<img alt="x" height="144" src="{stem}-960w.jpg" width="960">' in large
    assert f'<img alt="x" height="300" src="{images[1].file.url}" width="500">' in small
    assert "-960w.jpg" in webp
    assert "srcset" not in large + small + webp


def test_feed_shows_them(stranger):
    image = made(2000)
    make_article(body=f"![x]({image.file.url})")
    content = stranger.get("/feed/").content.decode()
    url = f"http://testserver{image.file.url.replace('.jpg', '-960w.jpg')}"
    assert f'src="{url}" width="960"&gt;' in content

"""Which texts show a picture, and what reaches them when its file is replaced or it is deleted."""

import pytest
from django.db import transaction
from django.db.models import F

from articles.images import add_image, delete_images, make_renditions, replace_file, users_of
from articles.images.uses import complete_uses, picture_names
from articles.models import Article, FormerFile, Image, ImageUse, Page
from articles.services import create_article, publish, save_draft, save_page
from ictiger.pagecache.invalidation import paths_to_purge
from ictiger.pagecache.models import Purge
from tests.factories import make_article

from .samples import encoded, patches, upload

pytestmark = pytest.mark.django_db


def add(width: int = 600, **fields) -> Image:
    return add_image(upload=upload(encoded(patches((width, 100)), "JPEG")), **{"alt": "Patches", **fields})


def markdown(image: Image) -> str:
    return f"Before.\n\n![Six patches]({image.file.url} 'A caption.')\n\nAfter."


def page_about(body: str, language: str = "en") -> Page:
    return save_page(Page(slug="about", title="About", body=body, language=language))


def test_names_of_pictures_are_found_in_markdown_and_html():
    text = """![a](/media/images/a.png "T") <img src="/media/images/b.webp" alt="x">
    [r]: /media/images/%E5%9B%BE.png
    https://testserver/media/c.jpg?v=2 /static/media.png"""
    assert picture_names(text) == {"images/a.png", "images/b.webp", "images/图.png", "c.jpg"}


def test_uses_follow_the_texts():
    first, second, other = add(600), add(700), add(800)
    article = make_article(body=markdown(first) + "\n\n" + markdown(second))
    page = page_about(markdown(first))
    assert users_of(first) == [article, article.draft, page]

    save_draft(article, body=markdown(second))
    assert users_of(first) == [article, page]
    publish(article)
    page.body = "No picture."
    save_page(page)

    assert users_of(first) == []
    assert users_of(second) == [article, article.draft]
    assert users_of(other) == []


def test_covers_are_uses():
    image = add()
    article = make_article(cover=image)
    assert users_of(image) == [article, article.draft]


def test_text_that_was_never_published_counts_as_a_draft():
    image = add()
    article = create_article(title="T", body=markdown(image))
    assert users_of(image) == [article.draft]


def test_pages_that_show_a_picture_are_purged_for_it():
    image = add()
    make_article("a1", body=markdown(image))
    make_article("a2")
    page_about(markdown(image))
    paths = paths_to_purge(image)
    assert {"/articles/a1/**", "/about/", "/feed/"} <= paths
    assert "/articles/a2/**" not in paths


def test_texts_without_pictures_ask_nothing_for_them(django_assert_num_queries):
    from articles.images import record_uses

    article = make_article()
    with django_assert_num_queries(0):
        record_uses(article, article.body_html, before="<p>Old.</p>")


# --- another file -------------------------------------------------------------------------------------------


def test_another_file_reaches_every_text(stranger, django_capture_on_commit_callbacks):
    image = add()
    make_renditions()
    image.refresh_from_db()
    article, page = make_article(body=markdown(image), cover=image), page_about(markdown(image))
    old = image.file_names
    urls = [article.get_absolute_url(), page.get_absolute_url(), "/feed/", "/"]

    with django_capture_on_commit_callbacks(execute=True):
        replace_file(image, upload(encoded(patches((900, 300)), "PNG")))

    assert not [name for name in old if image.file.storage.exists(name)]
    for url in urls:
        html = stranger.get(url).content.decode()
        assert not [name for name in old if name in html], url
        assert image.file.url in html, url
        assert 'width="900"' in html or "width=&quot;900&quot;" in html, url


def test_text_published_again_after_another_file_keeps_the_size(stranger):
    """The Markdown names the old address still."""
    image = add()
    article = make_article(body=markdown(image))
    for width in (700, 900):
        replace_file(image, upload(encoded(patches((width, 300)), "JPEG")))
    save_draft(article, body=article.draft.body + "\n\nMore.")
    publish(article)

    assert 'height="300"' in article.body_html
    assert 'width="900"' in article.body_html
    assert users_of(image) == [article, article.draft]
    html = stranger.get(article.get_absolute_url()).content.decode()
    assert f'src="{image.file.url}"' in html


def test_another_picture_never_gets_a_former_name():
    """The same bytes have the same name, which texts may use for the picture that had it."""
    content = encoded(patches(), "JPEG")
    image = add_image(upload=upload(content), alt="x")
    former = image.file.name
    replace_file(image, upload(encoded(patches((700, 100)), "JPEG")))
    image.file.storage.delete(former)

    other = add_image(upload=upload(content), alt="y")

    assert other.file.name != former
    assert FormerFile.objects.get(name=former).image == image


def test_refused_file_changes_nothing(media):
    image = add()
    before = sorted(media.rglob("*.*"))
    with pytest.raises(Exception, match="not a picture"):
        replace_file(image, upload(b"no picture"))
    assert sorted(media.rglob("*.*")) == before
    assert Image.objects.get().file.name == image.file.name


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_files_stay_when_the_write_fails(media, monkeypatch):
    """Files are removed after COMMIT only; what a failed write has stored is taken away."""
    image = add()
    before = sorted(media.rglob("*.*"))
    with transaction.atomic():
        delete_images([image])
        transaction.set_rollback(True)
    monkeypatch.setattr(Image, "save", lambda _image: (_ for _ in ()).throw(RuntimeError))
    with pytest.raises(RuntimeError):
        replace_file(Image.objects.get(), upload(encoded(patches((700, 100)), "JPEG")))
    with pytest.raises(RuntimeError):
        add(800)
    assert sorted(media.rglob("*.*")) == before


# --- deleting -----------------------------------------------------------------------------------------------


def test_deleted_picture_leaves_no_file_and_no_page(media, stranger, django_capture_on_commit_callbacks):
    image = add()
    with django_capture_on_commit_callbacks(execute=True):
        replace_file(image, upload(encoded(patches((900, 100)), "JPEG")))
    make_renditions()
    image.refresh_from_db()
    article = make_article("shown", body=markdown(image))
    cover_of = make_article("cover", cover=image)
    Purge.objects.all().delete()

    with django_capture_on_commit_callbacks() as callbacks:
        delete_images([image])
    purged = {path for purge in Purge.objects.all() for path in purge.paths}
    for callback in callbacks:
        callback()

    assert {"/articles/shown/**", "/articles/cover/**"} <= purged
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert not ImageUse.objects.exists()
    assert "<picture" not in stranger.get(article.get_absolute_url()).content.decode()
    cover_of.refresh_from_db()
    assert cover_of.cover is None


def test_texts_of_a_release_that_knew_no_uses_are_found():
    image = add()
    article, page = make_article(body=markdown(image)), page_about(markdown(image))
    ImageUse.objects.all().delete()
    assert users_of(image) == []

    complete_uses(image)
    complete_uses(image)

    assert users_of(image) == [article, article.draft, page]
    assert paths_to_purge(image) >= {"/about/"}
    assert Article.objects.filter(updated_at=F("updated_at")).count() == 0


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["", "http://testserver"])
def test_own_picture_may_be_named_by_its_full_address(start, settings):
    """As copied from the address bar."""
    image = add()
    article = make_article(
        body=f"![x]({start}{image.file.url})\n\n<img src='{start}{image.file.url}' alt='y'>"
    )
    assert article.body_html.count(f'src="{image.file.url}"') == 2
    assert 'width="600"' in article.body_html
    assert users_of(image) == [article, article.draft]


@pytest.mark.parametrize("address", ["/media/images/a%00.jpg", "/media/images/%00", "/media/%ED%A0%80.png"])
def test_address_that_no_database_can_be_asked_for_names_no_picture(address):
    article = make_article()
    draft = save_draft(article, body=f"![x]({address}) and the address {address} alone.")
    assert draft.body.count(address) == 2
    publish(article)
    assert not ImageUse.objects.exists()

"""The admin of pictures: their focus, another file, versions that cannot be made, deleting."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.images import add_image, make_renditions
from articles.models import Image, Page
from articles.services import save_page
from ictiger.pagecache.public_write import public_write
from tests.articles.images.samples import encoded, patches
from tests.factories import make_article, make_image

from .form_client import fields_of

LIST = reverse("admin:articles_image_changelist")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def add(width: int = 600) -> Image:
    content = encoded(patches((width, 200)), "JPEG")
    return add_image(upload=SimpleUploadedFile("x.jpg", content), alt="Six patches")


def change_url(image: Image) -> str:
    return reverse("admin:articles_image_change", args=[image.pk])


def give_up(image: Image, problem: str = "webp 480: out of order") -> None:
    with public_write(image):
        image.attempts, image.problem = 3, problem
        image.save()


def test_focus_is_a_pair_of_numbers_that_a_script_sets_by_a_click(editor_client):
    image = add()
    page = editor_client.get(change_url(image))
    html = page.content.decode()
    assert "data-focus-preview" in html
    assert "js/admin/focal_point" in html
    form = fields_of(page, "image_form")
    assert (form["focus_x"], form["focus_y"]) == (["50"], ["50"])

    editor_client.post(change_url(image), {**form, "focus_x": "20", "focus_y": "80"})

    image.refresh_from_db()
    assert (image.focus_x, image.focus_y, image.alt) == (20, 80, "Six patches")


def test_focus_outside_the_picture_is_a_field_error(editor_client):
    image = add()
    form = fields_of(editor_client.get(change_url(image)), "image_form")
    response = editor_client.post(change_url(image), {**form, "focus_x": "101", "focus_y": "-1"})
    assert set(response.context["adminform"].form.errors) == {"focus_x", "focus_y"}


def test_another_file_is_uploaded_with_other_words(editor_client):
    image = add()
    form = fields_of(editor_client.get(change_url(image)), "image_form")
    upload = SimpleUploadedFile("y.png", encoded(patches((900, 300)), "PNG"))

    editor_client.post(change_url(image), {**form, "alt": "Other patches", "focus_x": "30", "upload": upload})

    stored = Image.objects.get()
    assert (stored.width, stored.alt, stored.focus_x) == (900, "Other patches", 30)
    assert stored.file.name.endswith(".png")


def test_list_names_what_cannot_be_made_and_says_what_to_do(editor_client):
    image = add()
    html = editor_client.get(LIST).content.decode()
    assert "not made yet" in html
    give_up(image)
    make_image("images/drawing.svg")

    html = editor_client.get(LIST).content.decode()

    assert "Cannot be made." in html
    assert "Upload another file, or choose “Try again” in the list." in html
    assert "webp 480: out of order" in html
    assert "not needed" in html


def test_list_is_filtered_by_what_cannot_be_made(editor_client):
    failed, waiting, made = add(500), add(600), add(700)
    give_up(failed)
    with public_write(made):
        made.renditions_version = 1
        made.save()
    for value, expected in (("failed", [failed]), ("queued", [waiting])):
        assert list(editor_client.get(LIST, {"versions": value}).context["cl"].result_list) == expected


def test_try_again_lets_the_job_try_again(editor_client):
    image = add()
    give_up(image)
    assert make_renditions() == 0

    page = editor_client.post(LIST, {"action": "try_again", "_selected_action": [image.pk]}, follow=True)

    assert "1 picture will be tried again." in page.content.decode()
    assert make_renditions() == 1


def users(image: Image) -> tuple[str, ...]:
    """What shows the picture: an article in whose text it stands, one with it as cover, a page."""
    body = f"![x]({image.file.url})"
    in_text, cover_of = make_article(title="In its text", body=body), make_article(title="Cover", cover=image)
    page = save_page(Page(slug="about", title="About us", body=body))
    return (
        reverse("admin:articles_article_change", args=[in_text.pk]),
        reverse("admin:articles_article_change", args=[cover_of.pk]),
        reverse("admin:articles_page_change", args=[page.pk]),
    )


def test_form_and_confirmation_link_what_shows_the_picture(editor_client):
    image = add()
    assert "no text or cover" in editor_client.get(change_url(image)).content.decode()
    urls = users(image)
    delete_url = reverse("admin:articles_image_delete", args=[image.pk])
    pages = [
        editor_client.get(change_url(image)),
        editor_client.get(delete_url),
        editor_client.post(LIST, {"action": "delete_selected", "_selected_action": [image.pk]}),
    ]
    for page in pages:
        html = page.content.decode()
        assert [f'<a href="{url}">' in html for url in urls] == [True] * 3, page.request["PATH_INFO"]
        assert "(article, as readers see it, English)" in html
        assert "(draft, English)" in html
    assert "use of a picture" not in pages[1].content.decode()
    assert "Delete the picture “Six patches” with all its files?" in pages[1].content.decode()


@pytest.mark.parametrize("several", [False, True])
def test_deleted_picture_takes_its_files_with_it(
    editor_client, tmp_path, several, django_capture_on_commit_callbacks
):
    image = add()
    make_renditions()
    users(image)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 7
    url = LIST if several else reverse("admin:articles_image_delete", args=[image.pk])
    action = {"action": "delete_selected", "_selected_action": [image.pk]} if several else {}

    with django_capture_on_commit_callbacks(execute=True):
        editor_client.post(url, {**action, "post": "yes"})

    assert not Image.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

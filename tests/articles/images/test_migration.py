"""The migration that records which pictures stand in the texts that version 1.0.0 left."""

from importlib import import_module

import pytest
from django.apps import apps

from articles.images import users_of
from articles.models import ImageUse, Page
from articles.services import save_page
from tests.factories import make_article, make_image

pytestmark = pytest.mark.django_db

picture_uses = import_module("articles.migrations.0004_picture_uses")


def test_uses_in_all_texts_are_recorded_once(monkeypatch):
    monkeypatch.setattr(picture_uses, "PORTION", 2)
    image, other = make_image("images/2026/11/图.png"), make_image("images/other.png")
    body = "![x](/media/images/2026/11/%E5%9B%BE.png) ![y](/media/images/no-row.png)"
    articles = [make_article(body=body) for _ in range(5)]
    make_article(body="No picture.")
    page = save_page(Page(slug="about", title="About", body=body))
    ImageUse.objects.all().delete()

    picture_uses.record(apps, None)
    picture_uses.record(apps, None)

    assert users_of(image) == [*articles, *(article.draft for article in articles), page]
    assert users_of(other) == []
    assert ImageUse.objects.count() == 11

"""Nothing that shows on a public page is written outside `public_write()` (line 13 of the protocol)."""

import pytest
from django.apps import apps
from django.db import models, transaction

from articles.models import Publication, SocialLink, Topic
from comments.models import Comment
from ictiger.pagecache.guard import PublicQuerySet, WriteOutsidePublicWrite
from ictiger.pagecache.invalidation import providers
from ictiger.pagecache.models import PublicModel
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_comment

PUBLIC_MODELS = [model for model in apps.get_models() if issubclass(model, PublicModel)]

# Models that need no provider: they are always written together with another model, which has one.
WRITTEN_WITH_ANOTHER = {"comments.Discussion"}  # its figures change with a Comment

every_public_model = pytest.mark.parametrize("model", PUBLIC_MODELS, ids=lambda model: model._meta.label)


def test_there_are_public_models():
    assert {model._meta.label for model in PUBLIC_MODELS} >= {
        "articles.Article",
        "articles.Byline",
        "articles.Topic",
        "comments.Comment",
    }


@every_public_model
def test_public_model_refuses_save_and_delete(model):
    for write in (model().save, model(pk=1).delete):
        with pytest.raises(WriteOutsidePublicWrite):
            write()


@every_public_model
@pytest.mark.parametrize("manager_name", ["_default_manager", "_base_manager"])
def test_public_model_refuses_bulk_writes(model, manager_name):
    manager = getattr(model, manager_name)
    field = next(field.name for field in model._meta.concrete_fields if not field.primary_key)
    for write in (
        lambda: manager.update(**{field: None}),
        lambda: manager.all().delete(),
        lambda: manager.bulk_create([model()]),
        lambda: manager.bulk_update([model(pk=1)], [field]),
        lambda: manager.create(),
    ):
        with pytest.raises(WriteOutsidePublicWrite):
            write()


@every_public_model
def test_every_manager_of_a_public_model_is_guarded(model):
    for manager in (*model._meta.managers, model._base_manager):
        assert issubclass(manager._queryset_class, PublicQuerySet)


@every_public_model
def test_many_to_many_rows_of_public_models_are_public_models(model):
    for field in model._meta.many_to_many:
        assert issubclass(field.remote_field.through, PublicModel)


@every_public_model
def test_every_public_model_has_a_provider_of_paths(model):
    """Without a function registered with @invalidates, a public write would purge nothing."""
    assert model._meta.label in WRITTEN_WITH_ANOTHER or providers.get(model)


@pytest.mark.django_db
def test_related_manager_cannot_bypass_the_guard():
    with public_write():
        publication = Publication.objects.create(language="en")
        link = SocialLink.objects.create(
            publication=publication, label="Mastodon", url="https://example.org/"
        )
    for write in (
        lambda: publication.social_links.add(link),
        lambda: publication.social_links.all().delete(),
    ):
        with pytest.raises(WriteOutsidePublicWrite):
            write()


def relations_to_other_models() -> list[models.ForeignKey]:
    """Relations of public models to models that are not: their deletion could change a page."""
    fields = [
        field
        for model in PUBLIC_MODELS
        for field in model._meta.concrete_fields
        if field.many_to_one or field.one_to_one
    ]
    return [field for field in fields if not issubclass(field.related_model, PublicModel)]


@pytest.mark.parametrize("relation", relations_to_other_models(), ids=str)
def test_deletion_does_not_cascade_to_public_rows(relation):
    """A cascade would bypass every guard.

    SET_NULL goes through the guarded manager, PROTECT changes nothing.
    """
    assert relation.remote_field.on_delete in (models.SET_NULL, models.PROTECT, models.RESTRICT)


@pytest.mark.django_db
def test_deletion_of_a_user_cannot_bypass_the_guard():
    with public_write():
        comment = make_comment(make_article())
    with pytest.raises(WriteOutsidePublicWrite), transaction.atomic():
        comment.author.delete()
    assert Comment.objects.get().author == comment.author


@pytest.mark.django_db
def test_public_model_can_be_written_inside_public_write():
    with public_write():
        topic = Topic.objects.create(slug="patents", name_en="Patents", name_zh="专利")
        Topic.objects.filter(pk=topic.pk).update(position=2)
    assert Topic.objects.get().position == 2


@pytest.mark.django_db
def test_writes_are_refused_again_after_public_write():
    with public_write():
        topic = Topic.objects.create(slug="patents", name_en="Patents", name_zh="专利")
    with pytest.raises(WriteOutsidePublicWrite):
        topic.save()

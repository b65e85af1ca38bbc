"""Redirects from old slugs of pages, topics and authors, and the index of articles with a canonical URL.

Slugs are found in every Unicode normal form and with capital letters by a redirect from their folded form. Those
stored before get theirs here; a slug in the folded form, as nearly all are, needs none. Articles are read by
their keys, a thousand at a time.
"""

import articles.models.slugs
import django.core.validators
import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from articles.models.slugs import SLUG_BYTES
from articles.slugs import redirectable_form


def give_editors_rights(apps, schema_editor):
    """As 0001_initial gives them for the redirects of articles. The admin lets nobody change a redirect."""
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("articles"), apps=apps, verbosity=0, using=database)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    rights = Permission.objects.using(database).filter(
        content_type__app_label="articles", content_type__model="formerslug"
    )
    for group in Group.objects.using(database).filter(name="Editor"):
        group.permissions.add(*rights)


def redirect_other_forms(apps, schema_editor):
    database = schema_editor.connection.alias
    Article, SlugRedirect = apps.get_model("articles", "Article"), apps.get_model("articles", "SlugRedirect")
    published = Article.objects.using(database).filter(status="published").order_by("pk")
    for pk, language, slug in published.values_list("pk", "language", "slug").iterator(1_000):
        form = redirectable_form(slug, limit=SLUG_BYTES)
        same = {"language": language, "slug": form}
        if form and not Article.objects.using(database).filter(**same).exists():
            SlugRedirect.objects.using(database).get_or_create(**same, defaults={"article_id": pk})
    FormerSlug = apps.get_model("articles", "FormerSlug")
    for name in ("page", "topic", "author"):
        kind = apps.get_model("articles", name)
        for instance in kind.objects.using(database).order_by("pk"):
            form = redirectable_form(instance.slug, limit=SLUG_BYTES)
            language = {"language": instance.language} if name == "page" else {}
            if form and not kind.objects.using(database).filter(slug=form, **language).exists():
                FormerSlug.objects.using(database).get_or_create(
                    **{f"{name}__isnull": False}, slug=form, **language, defaults={name: instance, **language}
                )


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0004_picture_uses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerSlug',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='old slug')),
                ('language', models.CharField(blank=True, choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
            ],
            options={
                'verbose_name': 'old address of a page, topic or author',
                'verbose_name_plural': 'old addresses of pages, topics and authors',
            },
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('canonical_url', ''), _negated=True), fields=['status', 'publish_at', 'expires_at', 'canonical_url'], name='article_with_canonical_url'),
        ),
        migrations.AddField(
            model_name='formerslug',
            name='author',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='old_slugs', to='articles.author'),
        ),
        migrations.AddField(
            model_name='formerslug',
            name='page',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='old_slugs', to='articles.page'),
        ),
        migrations.AddField(
            model_name='formerslug',
            name='topic',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='old_slugs', to='articles.topic'),
        ),
        migrations.AddConstraint(
            model_name='formerslug',
            constraint=models.UniqueConstraint(condition=models.Q(('page__isnull', False)), fields=('slug', 'language'), name='former_slug_of_page'),
        ),
        migrations.AddConstraint(
            model_name='formerslug',
            constraint=models.UniqueConstraint(condition=models.Q(('topic__isnull', False)), fields=('slug',), name='former_slug_of_topic'),
        ),
        migrations.AddConstraint(
            model_name='formerslug',
            constraint=models.UniqueConstraint(condition=models.Q(('author__isnull', False)), fields=('slug',), name='former_slug_of_author'),
        ),
        migrations.AddConstraint(
            model_name='formerslug',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('author', None), ('language__in', ['en', 'zh-hans']), ('page__isnull', False), ('topic', None)), models.Q(('author', None), ('language', ''), ('page', None), ('topic__isnull', False)), models.Q(('author__isnull', False), ('language', ''), ('page', None), ('topic', None)), _connector='OR'), name='former_slug_has_one_target'),
        ),
        migrations.AddConstraint(
            model_name='formerslug',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='former_slug_shape'),
        ),
        migrations.RunPython(give_editors_rights, migrations.RunPython.noop),
        migrations.RunPython(redirect_other_forms, migrations.RunPython.noop),
    ]

"""Topics and authors: what articles are filed under, and whose names stand above them."""

from django import forms
from django.contrib import admin
from django.db.models import Count, ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from articles.models import Author, Topic

from .base import PublicModelAdmin, ServiceErrorForm
from .fields import SlugFormField


class SlugForm(ServiceErrorForm):
    """A form whose slug takes Chinese characters and, when left empty, is made from the first name."""

    slug = SlugFormField(
        required=False,
        help_text=_("The last part of the address. Left empty, it is made from the English name."),
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("slug") and not self.errors.keys() & {"slug", "name_en"}:
            self.instance.slug = cleaned["slug"] = self.fields["slug"].made_from(cleaned.get("name_en", ""))
        return cleaned


class NamedAdmin(PublicModelAdmin):
    """What topics and authors have in common: names in two languages, a slug, articles."""

    form = SlugForm
    list_display = ["name_en", "name_zh", "slug", "article_count"]
    prepopulated_fields = {"slug": ["name_en"]}
    search_fields = ["name_en", "name_zh", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(article_count=Count("articles", distinct=True))

    @admin.display(description=_("articles"), ordering="article_count")
    def article_count(self, thing: Topic | Author) -> int:
        return thing.article_count

    def view_on_site(self, thing: Topic | Author) -> str:
        return thing.get_absolute_url()


@admin.register(Topic)
class TopicAdmin(NamedAdmin):
    list_display = [*NamedAdmin.list_display, "position"]
    ordering = ["position", "pk"]


@admin.register(Author)
class AuthorAdmin(NamedAdmin):
    list_display = [*NamedAdmin.list_display, "user"]
    list_select_related = ["user"]
    ordering = ["name_en", "pk"]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs
    ) -> forms.ModelChoiceField:
        """Only people of the desk have use for a byline; readers are many."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(Q(is_staff=True) | Q(author__isnull=False)).order_by(
                "email"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

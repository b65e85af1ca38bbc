"""The admin of topics and authors."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, ForeignKey, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from articles.former_slugs import save_with_redirects
from articles.models import Author, Topic

from .base import PublicModelAdmin, ServiceErrorForm
from .fields import SlugFormField, redirect_note


class SlugForm(ServiceErrorForm):
    """A form whose slug may be Chinese and, left empty, is made from the English name."""

    slug = SlugFormField(
        required=False,
        help_text=_("The last part of the address. Left empty, it is made from the English name."),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "slug" in self.fields:
            self.fields["slug"].announce_redirect()

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("slug") and not self.errors.keys() & {"slug", "name_en"}:
            self.instance.slug = cleaned["slug"] = self.fields["slug"].from_title(cleaned.get("name_en", ""))
        return cleaned


class NamedAdmin(PublicModelAdmin):
    """The base of both: names in two languages, a slug, and the number of articles."""

    form = SlugForm
    list_display = ["name_en", "name_zh", "slug", "article_count"]
    prepopulated_fields = {"slug": ["name_en"]}
    search_fields = ["name_en", "name_zh", "slug"]

    def save_model(
        self, request: HttpRequest, obj: Topic | Author, form: forms.ModelForm, change: bool
    ) -> None:
        self.write.touch(obj)
        save_with_redirects(obj)
        if change and "slug" in form.changed_data:
            messages.warning(request, redirect_note(form.initial["slug"], obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(article_count=Count("articles", distinct=True))

    @admin.display(description=_("articles"), ordering="article_count")
    def article_count(self, obj: Topic | Author) -> int:
        return obj.article_count

    def view_on_site(self, obj: Topic | Author) -> str:
        return obj.get_absolute_url()


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
        """Offer staff and existing authors only: there are too many readers to list."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(Q(is_staff=True) | Q(author__isnull=False)).order_by(
                "email"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

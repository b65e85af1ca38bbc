"""The admin of pages such as about, privacy and comment policy."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import services
from articles.markdown import Notice
from articles.models import RESERVED_SLUGS, Page
from articles.notice_list import stored_notices

from .base import PublicModelAdmin, ServiceErrorForm
from .fields import SlugFormField, redirect_note
from .history import TextHistoryMixin

PAGE_FIELDS = ["language", "title", "slug", "body", "position"]


class PageForm(ServiceErrorForm):
    translation_of = forms.ModelChoiceField(
        Page.objects.all(),
        required=False,
        label=_("Translation of"),
        help_text=_("The same page in the other language: readers get from one to the other."),
    )
    slug = SlugFormField(
        help_text=format_lazy(
            _("The address is this word alone: /about/. Taken by the site itself: {reserved}."),
            reserved=", ".join(RESERVED_SLUGS),
        )
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "slug" in self.fields:
            self.fields["slug"].announce_redirect()

    def clean(self) -> dict:
        cleaned = super().clean()
        original = cleaned.get("translation_of")
        if original is not None:
            self.instance.translation_key = original.translation_key
            if Page.objects.filter(
                translation_key=original.translation_key, language=cleaned.get("language")
            ).exists():
                self.add_error("translation_of", gettext("This page already has a version in that language."))
        return cleaned


@admin.register(Page)
class PageAdmin(TextHistoryMixin, PublicModelAdmin):
    """A page has no draft, unlike an article: it is published as soon as it is saved."""

    form = PageForm
    list_display = ["title", "language", "slug", "position"]
    list_filter = ["language"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    text_fields = ("title", "slug", "body")
    text_model = Page
    notices: list[Notice]  # set on the copy that serves one submitted form

    def get_fields(self, request: HttpRequest, obj: Page | None = None) -> list[str]:
        return PAGE_FIELDS if obj else [*PAGE_FIELDS, "translation_of"]

    def get_form(self, request: HttpRequest, *args, **kwargs) -> type[forms.ModelForm]:
        return super().get_form(request, *args, **{**kwargs, "fields": PAGE_FIELDS})

    def get_readonly_fields(self, request: HttpRequest, obj: Page | None = None) -> list[str]:
        return ["language"] if obj else []

    def save_model(self, request: HttpRequest, obj: Page, form: forms.ModelForm, change: bool) -> None:
        obj.notices = []  # of the text just saved, for the response below
        services.save_page(obj, notices=obj.notices)
        if change and "slug" in form.changed_data:
            messages.warning(request, redirect_note(form.initial["slug"], obj))

    def render_change_form(
        self, request: HttpRequest, context: dict, *args, obj: Page | None = None, **kwargs
    ) -> HttpResponse:
        if obj is not None and request.method == "GET":  # a refused form holds another text than the page
            context["notices"] = stored_notices(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Page) -> HttpResponse:
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Page) -> HttpResponse:
        """Back to the form, which lists what there is to tell, or else to the list of pages."""
        if obj.notices:
            return HttpResponseRedirect(reverse("admin:articles_page_change", args=[obj.pk]))
        return super().response_post_save_change(request, obj)

    def restore(self, request: HttpRequest, obj: Page, version: Model) -> None:
        """A page has readers: its address stays."""
        for name in ("title", "body"):
            setattr(obj, name, getattr(version, name))
        services.save_page(obj)

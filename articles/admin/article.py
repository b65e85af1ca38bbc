"""The admin of articles: what the form shows, what may be changed when, and how it is saved.

The form shows the draft, whose text does not reach the live article until Publish is pressed. The listing
(topics, bylines, dates, discussion) is set on the article itself and takes effect when it is saved.
"""

from copy import copy
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, Field, Model, QuerySet
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import services
from articles.models import Article, ArticleTopic, Byline, Draft
from articles.notice_list import stored_notices
from articles.preview_links import preview_url
from ictiger.core.languages import Language

from .article_form import (
    SEARCH_ENGINES,
    ArticleForm,
    BylineFormSet,
    ListingFormSet,
    reject_stale_draft,
    user_byline,
)
from .article_list import ArticleColumnsMixin, PublishedFilter, StatusFilter, for_admin_list, status_text
from .base import PublicModelAdmin
from .bulk_actions import BulkActionsMixin
from .fields import SlugFormField, address_note
from .history import TextHistoryMixin
from .permissions import can_edit_article, can_edit_listing, can_publish, editable_articles
from .schedule import schedule_view
from .workflow import ArticleWorkflow, buttons_for, has_unpublished_changes, schedule_label, schedule_refusal

PUBLISHER_OPTIONS = ("featured", "expires_at")  # of services.OPTIONS, those that authors may not set


class ListingInline(admin.TabularInline):
    """A part of the listing. It may be changed when the listing of its article may."""

    formset = ListingFormSet
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_add_permission(request, obj) and can_edit_listing(request.user, obj)

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_change_permission(request, obj) and can_edit_listing(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_delete_permission(request, obj) and can_edit_listing(request.user, obj)


class TopicInline(ListingInline):
    model = ArticleTopic
    autocomplete_fields = ["topic"]
    verbose_name = gettext_lazy("topic")
    verbose_name_plural = gettext_lazy("Topics (the first stands above the title)")


class BylineInline(ListingInline):
    model = Byline
    formset = BylineFormSet
    autocomplete_fields = ["author"]
    verbose_name_plural = gettext_lazy("Bylines, in the order of their positions")


@admin.register(Article)
class ArticleAdmin(BulkActionsMixin, TextHistoryMixin, ArticleColumnsMixin, PublicModelAdmin):
    form = ArticleForm
    inlines = [TopicInline, BylineInline]
    autocomplete_fields = ["cover"]
    prepopulated_fields = {"slug": ["title"]}
    list_filter = ["language", StatusFilter, PublishedFilter, "topics", "authors"]
    search_fields = ["title", "summary", "slug", "draft__title", "draft__summary", "draft__slug"]
    search_help_text = gettext_lazy("Searches titles, summaries and addresses, drafts included.")
    list_per_page = 50
    show_full_result_count = (
        False  # beside search results: counting all articles takes time that grows with them
    )
    ordering = [F("publish_at").desc(nulls_first=True), "-pk"]  # unpublished ones on top, on every database
    text_fields = Draft.TEXT_FIELDS
    text_model = Draft
    workflow: ArticleWorkflow  # set on the copy that serves one submitted form

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(schedule_view, self))
        return [path("schedule/", view, name="articles_article_schedule"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return for_admin_list(editable_articles(request.user))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Article | None:
        """Any article: a user who may not open it gets 403 rather than a message that it does not exist."""
        try:
            return Article.objects.select_related("draft").filter(pk=object_id).first()
        except (ValueError, ValidationError):
            return None

    def has_view_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_view_permission(request, obj) and can_edit_article(request.user, obj)

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_change_permission(request, obj) and can_edit_article(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_delete_permission(request, obj) and can_edit_article(request.user, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> list[tuple]:
        hidden = ["version"] if obj else ["translation_of"]
        if not self.has_change_permission(request, obj):
            hidden = []
        return [
            (
                _("The text"),
                {
                    "fields": ["title", "slug", "summary", "body", "cover", *hidden],
                    "description": _("Kept as a draft. Readers see it when it is published."),
                },
            ),
            (_("For search engines"), {"fields": [*SEARCH_ENGINES], "classes": ["collapse"]}),
            (
                _("The listing"),
                {
                    "fields": ["language", "featured", "comments_open", "comments_close_at", "expires_at"],
                    "description": _(
                        "Takes effect as soon as it is saved, with the topics and bylines below."
                    ),
                },
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        fixed = ["language"] if obj else []
        if not can_edit_listing(request.user, obj):
            return [*fixed, *services.OPTIONS]
        return fixed if can_publish(request.user) else [*fixed, *PUBLISHER_OPTIONS]

    def get_form(
        self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs
    ) -> type[ArticleForm]:
        """A form with the text fields of the draft and the listing fields of the article."""
        readonly = self.get_readonly_fields(request, obj)
        text = {
            name: self.formfield_for_dbfield(Draft._meta.get_field(name), request)
            for name in Draft.TEXT_FIELDS
        }
        kwargs["form"] = type("ArticleForm", (ArticleForm,), text)
        kwargs["fields"] = [name for name in ("language", *services.OPTIONS) if name not in readonly]
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs) -> forms.Field | None:
        if db_field.name == "slug":
            return SlugFormField(required=False)
        if db_field.name in ("title", "summary"):
            kwargs["widget"] = (
                forms.Textarea(attrs={"rows": 3}) if db_field.name == "summary" else forms.TextInput
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Article | None) -> list[type[ListingInline]]:
        """None for a new translation, which takes over the topics and bylines of its original."""
        return [] if obj is None and self._original(request) is not None else self.inlines

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Article, inline: ListingInline, prefix: str
    ) -> dict:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, BylineInline) and obj.pk is None and request.method == "GET":
            inline.extra = len(user_byline(request))
            kwargs["initial"] = user_byline(request)
        return kwargs

    def get_changeform_initial_data(self, request: HttpRequest) -> dict:
        original = self._original(request)
        if original is None:
            return {"language": Language.active()}
        language = next((code for code in Language.values if code != original.language), original.language)
        return {"translation_of": original.pk, "language": language, "cover": original.draft.cover_id}

    def _original(self, request: HttpRequest) -> Article | None:
        """The article that the one being added translates, if any."""
        pk = request.POST.get("translation_of") or request.GET.get("translation_of")
        if not pk or not pk.isdecimal() or len(pk) > 18:  # longer than any key
            return None
        original = get_object_or_404(Article.objects.select_related("draft"), pk=pk)
        if not self.has_view_permission(request, original):
            raise PermissionDenied
        return original

    def render_change_form(
        self, request: HttpRequest, context: dict, *args, obj: Article | None = None, **kwargs
    ) -> HttpResponse:
        context |= self._form_context(request, obj) if obj else {"original_article": self._original(request)}
        if obj is not None and request.method == "GET":  # a refused form holds another text than the draft
            context["notices"] = stored_notices(obj.draft)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _form_context(self, request: HttpRequest, article: Article) -> dict:
        translation = (
            Article.objects.filter(translation_key=article.translation_key).exclude(pk=article.pk).first()
        )
        return {
            "subtitle": article.draft.title,
            "state": status_text(article),
            "unpublished_changes": has_unpublished_changes(article),
            "page_url": article.get_absolute_url() if article.is_public else "",
            "preview_url": preview_url(article),
            "translation": translation if can_edit_article(request.user, translation) else None,
            "can_add_translation": translation is None and self.has_add_permission(request),
            "can_draw_cover": article.draft.cover_id is None and self.has_change_permission(request, article),
            "buttons": buttons_for(request.user, article),
            "schedule_label": schedule_label(article)
            if can_publish(request.user) and not schedule_refusal(article)
            else "",
            "can_change_date": can_publish(request.user) and article.is_public,
            "can_edit_listing": can_edit_listing(request.user, article),
        }

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        submission = copy(self)
        submission.workflow = ArticleWorkflow(request)
        return super(ArticleAdmin, submission).changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Article, form: ArticleForm, change: bool) -> None:
        self.write.touch(obj)
        if change:
            self.workflow.draft = self._save_draft(obj, form)
        else:
            self._create(request, obj, form)
        if form.changed_options:
            services.set_options(obj, **form.changed_options)

    def _create(self, request: HttpRequest, obj: Article, form: ArticleForm) -> None:
        byline = user_byline(request) if not request.user.has_perm("articles.add_byline") else []
        created = services.create_article(
            by=request.user,
            language=form.cleaned_data["language"],
            translation_of=self._original(request),
            authors=[request.user.author] if byline else [],
            **form.text,
        )
        obj.pk, obj._state.adding = created.pk, False
        obj.refresh_from_db()

    def _save_draft(self, article: Article, form: ArticleForm) -> Draft:
        history_url = reverse("admin:articles_article_history", args=[article.pk])

        def is_unchanged(draft: Draft) -> bool:
            reject_stale_draft(draft, form, history_url)
            return not form.differs_from(draft)

        return services.save_draft(article, skip_if=is_unchanged, **form.text)

    def save_related(
        self, request: HttpRequest, form: ArticleForm, formsets: list[BaseModelFormSet], change: bool
    ) -> None:
        """Save the inlines, then run the pressed button's action in the same transaction."""
        super().save_related(request, form, formsets, change)
        self.workflow.require_permission()
        self.workflow.run(form.instance)
        if self.workflow.action is not None:
            self.log_change(request, form.instance, str(self.workflow.action.log))

    def response_add(
        self, request: HttpRequest, obj: Article, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        if self.workflow.button == "schedule":
            return HttpResponseRedirect(f"{reverse('admin:articles_article_schedule')}?article={obj.pk}")
        self.message_user(request, self.workflow.outcome(obj), messages.SUCCESS)
        for warning in filter(None, [self.workflow.warning(), self._address_note(obj)]):
            self.message_user(request, warning, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[obj.pk]))

    @staticmethod
    def _address_note(article: Article) -> str:
        """What publishing the draft does to an address that readers know, or ""."""
        if not article.has_been_published or article.draft.slug == article.slug:
            return ""
        return address_note(article)

    def text_of(self, obj: Article) -> Draft:
        return obj.draft

    def restore(self, request: HttpRequest, obj: Article, version: Model) -> None:
        """Into the draft. An article that readers have seen keeps its present address."""
        text = {name: self._restored(version, name) for name in Draft.TEXT_FIELDS}
        if obj.has_been_published:
            text["slug"] = obj.slug
        services.save_draft(obj, **text)

    @staticmethod
    def _restored(version: Model, name: str) -> object:
        """The value of a field in an earlier version; None for a picture that has been deleted since."""
        field = Draft._meta.get_field(name)
        value = getattr(version, field.attname)
        return field.related_model.objects.filter(pk=value).first() if field.is_relation else value

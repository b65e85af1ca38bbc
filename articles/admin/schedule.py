"""The page on which a moment is chosen for articles to appear."""

from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import services
from articles.models import Article

from .article_list import local_datetime_text, status_text
from .fields import LocalDateTimeField
from .permissions import can_publish
from .workflow import schedule_refusal


class ScheduleForm(forms.Form):
    when = LocalDateTimeField(label=gettext_lazy("Readers see it from"))

    def clean_when(self) -> datetime:
        when = self.cleaned_data["when"]
        if when <= timezone.now():
            raise ValidationError(
                _("This moment has passed. Choose a later one, or publish now."), code="past"
            )
        return when


class ScheduleMixin(admin.ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schedule_view)
        return [path("schedule/", view, name="articles_article_schedule"), *super().get_urls()]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        """Articles named by `?article=` appear at the moment chosen, with their drafts as they are now."""
        if not can_publish(request.user):
            raise PermissionDenied
        articles = self._chosen(request)
        if not articles:
            self.message_user(request, _("Choose the articles to schedule first."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:articles_article_changelist"))
        form = ScheduleForm(request.POST or None)
        if form.is_valid() and self._schedule_each(request, articles, form.cleaned_data["when"]):
            return self._back_from_schedule(articles)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Schedule"),
            "form": form,
            "articles": [(article, status_text(article), schedule_refusal(article)) for article in articles],
            "may_any": any(not schedule_refusal(article) for article in articles),
            "now": timezone.localtime(),
        }
        return TemplateResponse(request, "admin/articles/article/schedule.html", context)

    def _chosen(self, request: HttpRequest) -> list[Article]:
        keys = [key for key in request.GET.getlist("article") if key.isdecimal() and len(key) < 19]
        return list(Article.objects.filter(pk__in=keys).select_related("draft").order_by("pk"))

    def _schedule_each(self, request: HttpRequest, articles: list[Article], when: datetime) -> bool:
        """Tells whether any of them took the moment."""
        done = []
        for article in articles:
            try:
                self._schedule(article, when)
            except ValidationError as refused:
                self.message_refusal(request, article, refused)
            else:
                self.log_change(
                    request, article, _("Scheduled for %(when)s.") % {"when": local_datetime_text(when)}
                )
                done.append(article.draft.title)
        if done:
            text = _("Readers see these from %(when)s on: %(titles)s.") % {
                "when": local_datetime_text(when),
                "titles": _(", ").join(done),
            }
            self.message_user(request, text, messages.SUCCESS)
        return bool(done)

    @staticmethod
    def _schedule(article: Article, when: datetime) -> None:
        if reason := schedule_refusal(article):
            raise ValidationError(reason)
        services.publish(article, at=when)

    @staticmethod
    def _back_from_schedule(articles: list[Article]) -> HttpResponse:
        if len(articles) == 1:
            return HttpResponseRedirect(reverse("admin:articles_article_change", args=[articles[0].pk]))
        return HttpResponseRedirect(reverse("admin:articles_article_changelist"))

"""The page on which a publisher chooses when articles appear."""

from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import services
from articles.models import Article

from .article_list import local_datetime_text, status_text
from .bulk_actions import apply_to_each
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


def schedule_view(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Publish the articles named by `?article=` at the chosen moment, with their drafts as they are now."""
    if not can_publish(request.user):
        raise PermissionDenied
    articles = _chosen_articles(request)
    if not articles:
        model_admin.message_user(request, _("Choose the articles to schedule first."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:articles_article_changelist"))
    form = ScheduleForm(request.POST or None)
    if form.is_valid() and _schedule_articles(model_admin, request, articles, form.cleaned_data["when"]):
        return _redirect_after_scheduling(articles)
    refusals = [schedule_refusal(article) for article in articles]
    states = [status_text(article) for article in articles]
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": _("Schedule"),
        "form": form,
        "articles": list(zip(articles, states, refusals, strict=True)),
        "can_schedule": not all(refusals),
        "now": timezone.localtime(),
    }
    return TemplateResponse(request, "admin/articles/article/schedule.html", context)


def _chosen_articles(request: HttpRequest) -> list[Article]:
    keys = [key for key in request.GET.getlist("article") if key.isdecimal() and len(key) < 19]
    return list(Article.objects.filter(pk__in=keys).select_related("draft").order_by("pk"))


def _schedule_articles(
    model_admin: admin.ModelAdmin, request: HttpRequest, articles: list[Article], when: datetime
) -> bool:
    """Returns whether any of the articles was scheduled."""

    def schedule(article: Article) -> None:
        if reason := schedule_refusal(article):
            raise ValidationError(reason)
        services.publish(article, at=when)

    moment = local_datetime_text(when)
    log_message = _("Scheduled for %(when)s.") % {"when": moment}
    titles = apply_to_each(model_admin, request, articles, schedule, log_message)
    if titles:
        text = _("Readers see these from %(when)s on: %(titles)s.")
        values = {"when": moment, "titles": _(", ").join(titles)}
        model_admin.message_user(request, text % values, messages.SUCCESS)
    return bool(titles)


def _redirect_after_scheduling(articles: list[Article]) -> HttpResponse:
    if len(articles) == 1:
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[articles[0].pk]))
    return HttpResponseRedirect(reverse("admin:articles_article_changelist"))

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
from articles.publication_dates import reject_early_date, reject_future_date, set_publication_date

from .article_list import local_datetime_text, status_text
from .bulk_actions import apply_to_each
from .fields import LocalDateTimeField
from .permissions import can_publish
from .workflow import schedule_refusal


class ScheduleForm(forms.Form):
    """The moment from which readers see the articles: a later one, or a past one as their date."""

    when = LocalDateTimeField(label=gettext_lazy("Readers see it from"))
    backdate = forms.BooleanField(
        required=False,
        label=gettext_lazy("The moment may lie in the past: publish at once, under that date"),
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        when = cleaned.get("when")
        if when is not None and when <= timezone.now():
            self._check_past(when, backdate=cleaned.get("backdate", False))
        return cleaned

    def _check_past(self, when: datetime, *, backdate: bool) -> None:
        if not backdate:
            self.add_error(
                "when",
                ValidationError(
                    _("This moment has passed. Choose a later one, or publish now."), code="past"
                ),
            )
        try:
            reject_early_date(when)
        except ValidationError as error:
            self.add_error("when", error)


class DateForm(ScheduleForm):
    """The date of articles that readers see: it lies in the past."""

    backdate = None
    when = LocalDateTimeField(label=gettext_lazy("Published at"))

    def clean_when(self) -> datetime:
        when = self.cleaned_data["when"]
        reject_future_date(when)
        return when

    def _check_past(self, when: datetime, *, backdate: bool) -> None:
        super()._check_past(when, backdate=True)


def schedule_view(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Publish the articles named by `?article=` at the chosen moment, with their drafts as they are now."""
    if not can_publish(request.user):
        raise PermissionDenied
    articles = _chosen_articles(request)
    if not articles:
        model_admin.message_user(request, _("Choose the articles to schedule first."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:articles_article_changelist"))
    corrects = all(article.is_public for article in articles)
    form = _form_for(request, articles, corrects=corrects)
    if form.is_valid() and _schedule_articles(model_admin, request, articles, form.cleaned_data["when"]):
        return _redirect_after_scheduling(articles)
    refusals = ["" if corrects else schedule_refusal(article) for article in articles]
    states = [status_text(article) for article in articles]
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": _("Correct the date") if corrects else _("Schedule"),
        "corrects": corrects,
        "form": form,
        "articles": list(zip(articles, states, refusals, strict=True)),
        "can_schedule": not all(refusals),
        "now": timezone.localtime(),
    }
    return TemplateResponse(request, "admin/articles/article/schedule.html", context)


def _form_for(request: HttpRequest, articles: list[Article], *, corrects: bool) -> ScheduleForm:
    if not corrects:
        return ScheduleForm(request.POST or None)
    dates = {article.publish_at for article in articles}
    return DateForm(request.POST or None, initial={"when": dates.pop()} if len(dates) == 1 else None)


def _chosen_articles(request: HttpRequest) -> list[Article]:
    keys = [key for key in request.GET.getlist("article") if key.isdecimal() and len(key) < 19]
    return list(Article.objects.filter(pk__in=keys).select_related("draft").order_by("pk"))


def _schedule_articles(
    model_admin: admin.ModelAdmin, request: HttpRequest, articles: list[Article], when: datetime
) -> bool:
    """Schedule the articles, or publish them under a past date; correct the date of those that are public.

    Returns whether that was done to any of them.
    """
    is_past = when <= timezone.now()

    def schedule(article: Article) -> None:
        if article.is_public and is_past:
            set_publication_date(article, when)
            return
        if reason := schedule_refusal(article):
            raise ValidationError(reason)
        services.publish(article, at=when)

    moment = local_datetime_text(when)
    log_message = (_("Dated %(when)s.") if is_past else _("Scheduled for %(when)s.")) % {"when": moment}
    titles = apply_to_each(model_admin, request, articles, schedule, log_message)
    if titles:
        text = _("Readers see these from %(when)s on: %(titles)s.")
        if is_past:
            text = _("Readers see these with the date %(when)s: %(titles)s.")
        values = {"when": moment, "titles": _(", ").join(titles)}
        model_admin.message_user(request, text % values, messages.SUCCESS)
    return bool(titles)


def _redirect_after_scheduling(articles: list[Article]) -> HttpResponse:
    if len(articles) == 1:
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[articles[0].pk]))
    return HttpResponseRedirect(reverse("admin:articles_article_changelist"))

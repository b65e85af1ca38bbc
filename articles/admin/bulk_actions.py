"""Actions on many selected articles, with a message for each that was refused."""

from collections.abc import Callable, Iterable

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import services
from articles.models import Article

from .permissions import can_publish
from .workflow import WORKFLOW_ACTIONS, WorkflowAction


def apply_to_each(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    articles: Iterable[Article],
    function: Callable[[Article], object],
    log_message: str,
) -> list[str]:
    """Apply `function` to each article and log it. Returns the titles of the articles that were changed.

    Each article is a write of its own: a ValidationError for one becomes a warning and does not undo the
    others.
    """
    titles = []
    for article in articles:
        try:
            function(article)
        except ValidationError as error:
            text = _("“%(title)s” stays as it was: %(why)s") % {
                "title": article.draft.title,
                "why": " ".join(error.messages),
            }
            model_admin.message_user(request, text, messages.WARNING)
        else:
            model_admin.log_change(request, article, log_message)
            titles.append(article.draft.title)
    return titles


class BulkActionsMixin(admin.ModelAdmin):
    """The actions of the list of articles."""

    actions = [
        "publish_selected",
        "schedule_selected",
        "render_selected",
        "submit_selected",
        "return_selected",
        "unpublish_selected",
        "take_down_selected",
        "draw_covers",
    ]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Django calls this before it offers an action with `permissions=["publish"]`."""
        return can_publish(request.user)

    @admin.action(description=WORKFLOW_ACTIONS["publish"].bulk_label, permissions=["publish"])
    def publish_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["publish"], articles)

    @admin.action(description=gettext_lazy("Schedule …"), permissions=["publish"])
    def schedule_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> HttpResponse:
        query = urlencode({"article": articles.values_list("pk", flat=True)}, doseq=True)
        return HttpResponseRedirect(f"{reverse('admin:articles_article_schedule')}?{query}")

    @admin.action(description=WORKFLOW_ACTIONS["render"].bulk_label, permissions=["publish"])
    def render_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["render"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["submit"].bulk_label, permissions=["change"])
    def submit_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["submit"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["return"].bulk_label, permissions=["publish"])
    def return_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["return"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["unpublish"].bulk_label, permissions=["publish"])
    def unpublish_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["unpublish"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["take_down"].bulk_label, permissions=["publish"])
    def take_down_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._run(request, WORKFLOW_ACTIONS["take_down"], articles)

    @admin.action(description=gettext_lazy("Draw covers for those without one"), permissions=["publish"])
    def draw_covers(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        titles = [article.draft.title for article in articles if services.draw_cover(article)]
        if titles:
            text = _("A cover has been drawn into the draft of: %(titles)s.") % {
                "titles": _(", ").join(titles)
            }
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(request, _("All of these have covers."), messages.INFO)

    def _run(self, request: HttpRequest, action: WorkflowAction, articles: QuerySet[Article]) -> None:
        titles = apply_to_each(self, request, articles, action.apply, str(action.log))
        if titles:
            self.message_user(request, action.done % {"titles": _(", ").join(titles)}, messages.SUCCESS)

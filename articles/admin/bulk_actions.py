"""Doing one thing to many articles, and saying what became of each."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Article

from .drawn_covers import draw_cover_for
from .permissions import can_publish
from .workflow import WORKFLOW_ACTIONS, WorkflowAction


class BulkActionsMixin(admin.ModelAdmin):
    """Each article is a change of its own: what is refused for one does not undo the others."""

    actions = [
        "publish_selected",
        "schedule_selected",
        "submit_selected",
        "return_selected",
        "unpublish_selected",
        "take_down_selected",
        "draw_covers",
    ]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """What Django asks before it offers an action with `permissions=["publish"]`."""
        return can_publish(request.user)

    @admin.action(description=WORKFLOW_ACTIONS["publish"].bulk_label, permissions=["publish"])
    def publish_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self.apply_to_each(request, WORKFLOW_ACTIONS["publish"], articles)

    @admin.action(description=gettext_lazy("Schedule …"), permissions=["publish"])
    def schedule_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> HttpResponse:
        query = urlencode({"article": articles.values_list("pk", flat=True)}, doseq=True)
        return HttpResponseRedirect(f"{reverse('admin:articles_article_schedule')}?{query}")

    @admin.action(description=WORKFLOW_ACTIONS["submit"].bulk_label, permissions=["change"])
    def submit_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self.apply_to_each(request, WORKFLOW_ACTIONS["submit"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["return"].bulk_label, permissions=["publish"])
    def return_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self.apply_to_each(request, WORKFLOW_ACTIONS["return"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["unpublish"].bulk_label, permissions=["publish"])
    def unpublish_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self.apply_to_each(request, WORKFLOW_ACTIONS["unpublish"], articles)

    @admin.action(description=WORKFLOW_ACTIONS["take_down"].bulk_label, permissions=["publish"])
    def take_down_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self.apply_to_each(request, WORKFLOW_ACTIONS["take_down"], articles)

    @admin.action(description=gettext_lazy("Draw covers for those without one"), permissions=["publish"])
    def draw_covers(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        drawn = [article.draft.title for article in articles if draw_cover_for(article)]
        if drawn:
            titles = _(", ").join(drawn)
            self.message_user(
                request,
                _("A cover has been drawn into the draft of: %(titles)s.") % {"titles": titles},
                messages.SUCCESS,
            )
        else:
            self.message_user(request, _("All of these have covers."), messages.INFO)

    def apply_to_each(self, request: HttpRequest, verb: WorkflowAction, articles: QuerySet[Article]) -> None:
        done = []
        for article in articles:
            try:
                verb.apply(article)
            except ValidationError as refused:
                self.message_refusal(request, article, refused)
            else:
                self.log_change(request, article, str(verb.log))
                done.append(article.draft.title)
        if done:
            self.message_user(request, verb.done % {"titles": _(", ").join(done)}, messages.SUCCESS)

    def message_refusal(self, request: HttpRequest, article: Article, refused: ValidationError) -> None:
        why = " ".join(refused.messages)
        text = _("“%(title)s” stays as it was: %(why)s") % {"title": article.draft.title, "why": why}
        self.message_user(request, text, messages.WARNING)

"""The buttons of an article's form, beyond Save."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from articles import services
from articles.models import Article

from .drawn_covers import draw_cover_for
from .permissions import can_publish
from .workflow import WORKFLOW_ACTIONS, WorkflowAction, has_unpublished_changes

# For these the draft has to be text that can be shown to readers.
REQUIRES_RENDERING = ("publish", "submit", "schedule")


def buttons_for(request: HttpRequest, article: Article) -> list[tuple[str, str]]:
    """The names and words of the buttons that this person may press now."""
    return [
        (f"_{verb.name}", verb.label(article))
        for verb in WORKFLOW_ACTIONS.values()
        if _is_button(request, verb, article)
    ]


def _is_button(request: HttpRequest, verb: WorkflowAction, article: Article) -> bool:
    """Publish is always there: what has just been typed may be what there is to publish."""
    if verb.for_publishers and not can_publish(request.user):
        return False
    return verb.name == "publish" or verb.is_offered(article)


def rendering_error(article: Article) -> ValidationError | None:
    """Why the text of the draft cannot be shown to readers as it is, if so."""
    try:
        services.render_draft(article.draft)
    except ValidationError as trouble:
        return trouble
    return None


class SubmitButtonsMixin(admin.ModelAdmin):
    """Does what the pressed button says after the form is saved, in the same transaction, and says what came of it."""

    def save_related(self, request: HttpRequest, form, formsets: list, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        article = form.instance
        pressed = next(
            (name for name in (*WORKFLOW_ACTIONS, "schedule", "draw_cover") if f"_{name}" in request.POST), ""
        )
        self._refuse_what_is_not_theirs(request, pressed)
        trouble = rendering_error(article)
        if trouble is not None and pressed in REQUIRES_RENDERING:
            raise ValidationError({"body": trouble.error_list})
        request.pressed, request.trouble_with_text = pressed, trouble
        if pressed in WORKFLOW_ACTIONS:
            WORKFLOW_ACTIONS[pressed].do(article)
            self.log_change(request, article, str(WORKFLOW_ACTIONS[pressed].log))
        elif pressed == "draw_cover":
            draw_cover_for(article)

    def _refuse_what_is_not_theirs(self, request: HttpRequest, pressed: str) -> None:
        needs_right = pressed == "schedule" or (
            pressed in WORKFLOW_ACTIONS and WORKFLOW_ACTIONS[pressed].for_publishers
        )
        if needs_right and not can_publish(request.user):
            raise PermissionDenied

    def response_add(
        self, request: HttpRequest, obj: Article, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._respond(request, obj)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        return self._respond(request, obj)

    def _respond(self, request: HttpRequest, article: Article) -> HttpResponse:
        if request.pressed == "schedule":
            return HttpResponseRedirect(f"{reverse('admin:articles_article_schedule')}?article={article.pk}")
        self.message_user(request, self._outcome(request.pressed, article), messages.SUCCESS)
        if request.trouble_with_text is not None:
            why = " ".join(request.trouble_with_text.messages)
            self.message_user(
                request, _("It cannot be published like this. %(why)s") % {"why": why}, messages.WARNING
            )
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))

    @staticmethod
    def _outcome(pressed: str, article: Article) -> str:
        if pressed == "publish":
            link = format_html('<a href="{}">{}</a>', article.get_absolute_url(), article.title)
            return format_html(_("Readers now see {article}."), article=link)
        if pressed in WORKFLOW_ACTIONS:
            return WORKFLOW_ACTIONS[pressed].done % {"titles": article.draft.title}
        if pressed == "draw_cover":
            return _("A cover has been drawn into the draft.")
        if has_unpublished_changes(article):
            return _("Draft saved. The published article stays as it is until you publish the changes.")
        return _("Saved.")

"""What an editor does to an article: by a button of its form, or for many at once in the list."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from articles import services
from articles.models import Article, Draft, Status
from articles.rerender import is_outdated, render_again

from .permissions import can_publish


def has_unpublished_changes(article: Article) -> bool:
    """Whether an article is published and its draft differs from it."""
    if article.status != Status.PUBLISHED:
        return False
    draft = article.draft
    return any(_field_value(draft, name) != _field_value(article, name) for name in Draft.TEXT_FIELDS)


def _field_value(instance: Model, name: str) -> object:
    return getattr(instance, instance._meta.get_field(name).attname)


@dataclass(frozen=True)
class WorkflowAction:
    """A change of an article's state. The button of the form is called `_<name>`.

    `refusal` returns why the action makes no sense for the article as it is now, or "".
    """

    name: str
    run: Callable[[Article], object]
    label: Callable[[Article], str]
    bulk_label: str
    done: str
    log: str
    refusal: Callable[[Article], str]
    for_publishers: bool = True

    def is_offered(self, article: Article) -> bool:
        return not self.refusal(article)

    def apply(self, article: Article) -> None:
        """Run the action on one of many articles.

        Raises ValidationError when it makes no sense or is refused.
        """
        if reason := self.refusal(article):
            raise ValidationError(reason)
        self.run(article)


def _publish_label(article: Article) -> str:
    if article.is_public:
        return _("Publish changes")
    return _("Publish again") if article.has_expired else _("Publish now")


def _publish_refusal(article: Article) -> str:
    if article.is_public and not has_unpublished_changes(article) and not is_outdated(article):
        return _("readers already see this text")
    return ""


def _render_refusal(article: Article) -> str:
    if article.status != Status.PUBLISHED:
        return _("it is not published")
    return "" if is_outdated(article) else _("this release has rendered it")


def schedule_label(article: Article) -> str:
    return _("Change the schedule") if article.is_scheduled else _("Schedule")


def schedule_refusal(article: Article) -> str:
    """Why the article cannot be scheduled, or ""."""
    return _("readers see it now; unpublish it first") if article.is_public else ""


def _unpublish_label(article: Article) -> str:
    return _("Cancel the schedule") if article.is_scheduled else _("Unpublish")


def _submit_refusal(article: Article) -> str:
    return {
        Status.PUBLISHED: _("it is already published"),
        Status.IN_REVIEW: _("it is already in review"),
    }.get(article.status, "")


WORKFLOW_ACTIONS = {
    action.name: action
    for action in [
        WorkflowAction(
            "publish",
            services.publish,
            _publish_label,
            gettext_lazy("Publish now"),
            done=gettext_lazy("Published: %(titles)s."),
            log=pgettext_lazy("log", "Published."),
            refusal=_publish_refusal,
        ),
        WorkflowAction(
            "render",
            render_again,
            lambda _article: _("Render again"),
            gettext_lazy("Render again, as published"),
            done=gettext_lazy("Rendered again: %(titles)s."),
            log=pgettext_lazy("log", "Rendered again."),
            refusal=_render_refusal,
        ),
        WorkflowAction(
            "submit",
            services.submit_for_review,
            lambda _article: _("Submit for review"),
            gettext_lazy("Submit for review"),
            done=gettext_lazy("Submitted for review: %(titles)s."),
            log=pgettext_lazy("log", "Submitted for review."),
            refusal=_submit_refusal,
            for_publishers=False,
        ),
        WorkflowAction(
            "return",
            services.return_to_draft,
            lambda _article: _("Return to its authors"),
            gettext_lazy("Return to the authors"),
            done=gettext_lazy("Returned to the authors: %(titles)s."),
            log=pgettext_lazy("log", "Returned to the authors."),
            refusal=lambda article: "" if article.status == Status.IN_REVIEW else _("it is not in review"),
        ),
        WorkflowAction(
            "unpublish",
            services.unpublish,
            _unpublish_label,
            gettext_lazy("Unpublish: back to a draft"),
            done=gettext_lazy("Readers do not see these any more: %(titles)s."),
            log=pgettext_lazy("log", "Unpublished."),
            refusal=lambda article: "" if article.status == Status.PUBLISHED else _("it is not published"),
        ),
        WorkflowAction(
            "take_down",
            services.take_down,
            lambda _article: _("Take down"),
            gettext_lazy("Take down: tell readers it is gone"),
            done=gettext_lazy("Taken down: %(titles)s."),
            log=pgettext_lazy("log", "Taken down."),
            refusal=lambda article: "" if article.is_public else _("readers do not see it now"),
        ),
    ]
}

# These buttons need a draft that can be rendered.
REQUIRES_RENDERING = ("publish", "submit", "schedule")


class ArticleWorkflow:
    """One submission of the article form: the pressed button, the rendering error, and the outcome."""

    def __init__(self, request: HttpRequest) -> None:
        names = (*WORKFLOW_ACTIONS, "schedule", "draw_cover")
        self.button = next((name for name in names if f"_{name}" in request.POST), "")
        self.action = WORKFLOW_ACTIONS.get(self.button)
        self.user = request.user
        self.draft: Draft | None = None  # as locked and saved by this submission
        self.rendering_error: ValidationError | None = None

    def require_permission(self) -> None:
        """Raise PermissionDenied if the pressed button is for publishers and the user is none."""
        for_publishers = self.button == "schedule" or (self.action is not None and self.action.for_publishers)
        if for_publishers and not can_publish(self.user):
            raise PermissionDenied

    def run(self, article: Article) -> None:
        """Do what the button says to the article, whose draft has been saved. Raises ValidationError.

        Each submission renders the draft once: `services.publish` does it itself, everything else checks it
        first.
        """
        if self.button == "publish":
            services.publish(article, draft=self.draft)
            return
        self._check_rendering(article)
        if self.action is not None:
            self.action.run(article)
        elif self.button == "draw_cover":
            services.draw_cover(article)

    def _check_rendering(self, article: Article) -> None:
        try:
            services.render_draft(article.draft)
        except ValidationError as error:
            self.rendering_error = error
            if self.button in REQUIRES_RENDERING:
                raise ValidationError({"body": error.error_list}) from error

    def outcome(self, article: Article) -> str:
        """The message for the editor."""
        if self.button == "publish":
            link = format_html('<a href="{}">{}</a>', article.get_absolute_url(), article.title)
            return format_html(_("Readers now see {article}."), article=link)
        if self.action is not None:
            return self.action.done % {"titles": article.draft.title}
        if self.button == "draw_cover":
            return _("A cover has been drawn into the draft.")
        if has_unpublished_changes(article):
            return _("Draft saved. The published article stays as it is until you publish the changes.")
        return _("Saved.")

    def warning(self) -> str:
        """Why the saved draft cannot be published, or ""."""
        if self.rendering_error is None:
            return ""
        return _("It cannot be published like this. %(why)s") % {
            "why": " ".join(self.rendering_error.messages)
        }


def buttons_for(user: User, article: Article) -> list[tuple[str, str]]:
    """The names and labels of the action buttons that the user may press now.

    Publish is always among a publisher's buttons: the text just typed may be the change to publish.
    """
    return [
        (f"_{action.name}", action.label(article))
        for action in WORKFLOW_ACTIONS.values()
        if (can_publish(user) or not action.for_publishers)
        and (action.name == "publish" or action.is_offered(article))
    ]

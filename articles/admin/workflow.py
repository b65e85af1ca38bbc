"""What an editor does to an article, by a button of its form or for many at once in the list."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles import services
from articles.models import Article, Draft, Status


def has_unpublished_changes(article: Article) -> bool:
    """Whether the draft of an article that was published says something else than the article."""
    if article.status != Status.PUBLISHED:
        return False
    draft = article.draft
    return any(_field_value(draft, name) != _field_value(article, name) for name in Draft.TEXT_FIELDS)


def _field_value(row: Model, name: str) -> object:
    return getattr(row, row._meta.get_field(name).attname)


@dataclass(frozen=True)
class WorkflowAction:
    """`name` is the button's; `refusal` tells why the verb makes no sense for an article as it is now, or nothing."""

    name: str
    do: Callable[[Article], object]
    label: Callable[[Article], str]
    bulk_label: str
    done: str
    log: str
    refusal: Callable[[Article], str]
    for_publishers: bool = True

    def is_offered(self, article: Article) -> bool:
        return not self.refusal(article)

    def apply(self, article: Article) -> None:
        """Do it to one of many. Raises ValidationError, in words, when it makes no sense or is refused."""
        if reason := self.refusal(article):
            raise ValidationError(reason)
        self.do(article)


def _publish_label(article: Article) -> str:
    if article.is_public:
        return _("Publish changes")
    return _("Publish again") if article.has_expired else _("Publish now")


def _publish_refusal(article: Article) -> str:
    if article.is_public and not has_unpublished_changes(article):
        return _("readers already see this text")
    return ""


def schedule_label(article: Article) -> str:
    return _("Change the schedule") if article.is_scheduled else _("Schedule")


def schedule_refusal(article: Article) -> str:
    """Why the article cannot be given a time to come, or nothing."""
    return _("readers see it now; unpublish it first") if article.is_public else ""


def _unpublish_label(article: Article) -> str:
    return _("Cancel the schedule") if article.is_scheduled else _("Unpublish")


def _submit_refusal(article: Article) -> str:
    return {
        Status.PUBLISHED: _("it is already published"),
        Status.IN_REVIEW: _("it is already in review"),
    }.get(article.status, "")


WORKFLOW_ACTIONS = {
    verb.name: verb
    for verb in [
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

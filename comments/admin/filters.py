"""What the list of comments can be narrowed down to."""

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comments import policy
from comments.models import Comment
from comments.policy import HoldRule, State


class StateFilter(admin.SimpleListFilter):
    """The queue unless something else is asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"
    EVERYTHING = "all"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        shown = (State.VISIBLE, State.REJECTED, State.REMOVED)
        return [*((state.value, state.label) for state in shown), (self.EVERYTHING, _("all"))]

    def choices(self, changelist):
        first, *others = super().choices(changelist)
        return [{**first, "display": _("the queue")}, *others]

    def queryset(self, request: HttpRequest, comments: QuerySet[Comment]) -> QuerySet[Comment]:
        if self.value() == self.EVERYTHING:
            return comments
        return comments.filter(state=self.value() or State.PENDING)


class RuleFilter(admin.SimpleListFilter):
    title = gettext_lazy("what holds it")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(hold.value, policy.hold_rule_label(hold)) for hold in HoldRule]

    def queryset(self, request: HttpRequest, comments: QuerySet[Comment]) -> QuerySet[Comment]:
        return comments.filter(state=State.PENDING, reason=self.value()) if self.value() else comments


class ArticleFilter(admin.RelatedFieldListFilter):
    """Articles whose discussions have comments waiting: all that were ever discussed would be no help, and take their time."""

    MOST = 50

    def field_choices(
        self, field: Field, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[int, str]]:
        waiting = Comment.objects.filter(state=State.PENDING).order_by()
        newest_first = field.related_model.objects.filter(pk__in=waiting.values("article")).order_by(
            "-publish_at", "-pk"
        )
        return list(newest_first.values_list("pk", "title")[: self.MOST])

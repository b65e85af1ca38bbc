"""The filters of the list of comments."""

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comments import policy
from comments.models import Comment
from comments.policy import HoldRule, State


class StateFilter(admin.SimpleListFilter):
    """Shows pending comments, the queue, by default."""

    title = gettext_lazy("state")
    parameter_name = "state"
    ALL, REPORTED = "all", "reported"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        states = (State.VISIBLE, State.REJECTED, State.REMOVED)
        return [
            (self.REPORTED, _("reported, still visible")),
            *((state.value, state.label) for state in states),
            (self.ALL, _("all")),
        ]

    def choices(self, changelist):
        first, *others = super().choices(changelist)
        return [{**first, "display": _("the queue")}, *others]

    def queryset(self, request: HttpRequest, comments: QuerySet[Comment]) -> QuerySet[Comment]:
        if self.value() == self.ALL:
            return comments
        if self.value() == self.REPORTED:
            return comments.filter(pk__in=Comment.objects.reported().order_by().values("pk"))
        return comments.filter(state=self.value() or State.PENDING)


class RuleFilter(admin.SimpleListFilter):
    """By the rule that holds a pending comment."""

    title = gettext_lazy("what holds it")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(rule.value, policy.hold_rule_label(rule)) for rule in HoldRule]

    def queryset(self, request: HttpRequest, comments: QuerySet[Comment]) -> QuerySet[Comment]:
        return comments.filter(state=State.PENDING, reason=self.value()) if self.value() else comments


class ArticleFilter(admin.RelatedFieldListFilter):
    """By article, offering those with pending comments: a list of all articles would be long and slow."""

    MAX_CHOICES = 50

    def field_choices(
        self, field: Field, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[int, str]]:
        pending = Comment.objects.filter(state=State.PENDING).order_by()
        newest_first = field.related_model.objects.filter(pk__in=pending.values("article")).order_by(
            "-publish_at", "-pk"
        )
        return list(newest_first.values_list("pk", "title")[: self.MAX_CHOICES])

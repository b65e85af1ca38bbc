"""Names that moderators look at: accept them, or put the one before in their place."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from comments import services
from comments.models import NameReview
from comments.models.names import UNDECIDED, NameState

from .permissions import MODERATE_PERMISSION


class NameStateFilter(admin.SimpleListFilter):
    """The names that wait for a decision, unless a state is chosen."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return NameState.choices

    def choices(self, changelist):
        first, *others = super().choices(changelist)
        return [{**first, "display": _("the queue")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[NameReview]) -> QuerySet[NameReview]:
        return queryset.filter(state__in=[self.value()] if self.value() else UNDECIDED)


@admin.register(NameReview)
class NameReviewAdmin(admin.ModelAdmin):
    list_display = ["new_name", "shown_name", "reason", "matched_phrases", "state", "created_at"]
    list_display_links = None
    list_filter = [NameStateFilter]
    list_select_related = ["user"]
    actions = ["accept", "refuse"]

    @admin.display(description=_("name"), ordering="name")
    def new_name(self, review: NameReview) -> SafeString:
        return format_html("<bdi>{}</bdi>", review.name)

    @admin.display(description=_("shown now"))
    def shown_name(self, review: NameReview) -> SafeString:
        return format_html("<bdi>{}</bdi>", review.user.public_name)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MODERATE_PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: NameReview | None = None) -> bool:
        return request.user.has_perm(MODERATE_PERMISSION)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """For actions with `permissions=["moderate"]`."""
        return request.user.has_perm(MODERATE_PERMISSION)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: NameReview | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: NameReview | None = None) -> bool:
        return False

    @admin.action(description=_("Accept the names"), permissions=["moderate"])
    def accept(self, request: HttpRequest, reviews: QuerySet[NameReview]) -> None:
        self._decide(request, reviews, accept=True)

    @admin.action(description=_("Do not accept them: show the name before"), permissions=["moderate"])
    def refuse(self, request: HttpRequest, reviews: QuerySet[NameReview]) -> None:
        self._decide(request, reviews, accept=False)

    def _decide(self, request: HttpRequest, reviews: QuerySet[NameReview], *, accept: bool) -> None:
        count = 0
        for review_id in reviews.values_list("pk", flat=True):
            try:
                services.decide_name(moderator=request.user, review_id=review_id, accept=accept)
                count += 1
            except services.CommentError as error:
                self.message_user(request, str(error), messages.WARNING)
        if count:
            message = ngettext("%(number)s decision made.", "%(number)s decisions made.", count)
            self.message_user(request, message % {"number": count})

"""The mail ledger in the admin: the state of every mail, and never its text."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ictiger.core.admin_site import BoundedSearchMixin

from .models import UNSETTLED, Mail
from .queue import cancel, send_again


@admin.register(Mail)
class MailAdmin(BoundedSearchMixin, admin.ModelAdmin):
    list_display = [
        "recipient",
        "purpose",
        "language",
        "state",
        "attempts",
        "last_reply",
        "created_at",
        "next_attempt",
        "sent_at",
    ]
    list_filter = ["state", "purpose", "language", "created_at"]
    search_fields = ["recipient", "message_id", "reply"]
    search_help_text = _("An address, a Message-ID, or words of the mail server.")
    date_hierarchy = "created_at"
    list_per_page = 50
    actions = ["send_again", "cancel"]
    # Without `context`: with it a staff member could make the link that only the recipient should have.
    fields = [
        *["purpose", "recipient", "language", "user", "state", "attempts", "reply"],
        *["created_at", "next_attempt", "sent_at", "expires_at", "message_id"],
    ]
    readonly_fields = fields
    list_select_related: list[str] = []

    @admin.display(description=_("last reply"))
    def last_reply(self, mail: Mail) -> str:
        return f"{mail.reply[:79]}…" if len(mail.reply) > 80 else mail.reply

    @admin.display(description=_("next attempt"), ordering="next_try_at")
    def next_attempt(self, mail: Mail):
        return mail.next_try_at if mail.state in UNSETTLED else None

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        count = self._apply_to_each(request, mails, send_again, "Asked to send it again")
        self.message_user(
            request,
            ngettext("%(count)d mail will be sent again.", "%(count)d mails will be sent again.", count)
            % {"count": count},
        )

    @admin.action(description=_("Cancel"), permissions=["send"])
    def cancel(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        count = self._apply_to_each(request, mails, cancel, "Cancelled it")
        self.message_user(
            request,
            ngettext("%(count)d mail was cancelled.", "%(count)d mails were cancelled.", count)
            % {"count": count},
        )

    def _apply_to_each(
        self, request: HttpRequest, mails: QuerySet[Mail], action: Callable[[Mail], object], log_message: str
    ) -> int:
        """Apply `action` to each mail and log it; warn about those it could not change.

        Returns how many it changed.
        """
        count = 0
        for mail in mails.select_related("user"):
            if action(mail):
                count += 1
                self.log_change(request, mail, log_message)
            else:
                self.message_user(
                    request,
                    _("%(mail)s could not be changed: it is settled or being sent.") % {"mail": mail},
                    messages.WARNING,
                )
        return count

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mail.change_mail")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        return False

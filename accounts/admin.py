"""The desk's view of people: who they are, whether their mailbox is proven, what they may do. Never a password hash, key or session id."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401  (imported so that what they register can be taken back)
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Field, ManyToManyField, QuerySet
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.verification import addresses
from ictiger.core.admin_site import BoundedSearchMixin
from ictiger.pagecache.public_write import public_write

from .erasure import erase_account
from .models import User

# One door for everybody, with one set of limits: the desk's log-in is the readers'.
admin.site.login = secure_admin_login(admin.site.login)


def change_password(request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
    """One page for that, too: it limits attempts and tells the owner by mail."""
    return redirect("account_change_password")


admin.site.password_change = change_password

# allauth's own pages show what nobody needs to see (session keys, TOTP secrets) or let an address be edited in place, which would make
# an old link prove a new address.
for shown_too_freely in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(shown_too_freely)

PRIVILEGES = ("is_staff", "is_superuser", "groups")
# The groups that the migrations make, as the desk calls them; a group made later goes by the name it was given.
GROUP_NAMES = {"Author": _("Author"), "Editor": _("Editor"), "Moderator": _("Moderator")}


def group_name(group: Group) -> str:
    return str(GROUP_NAMES.get(group.name, group.name))


class GroupFilter(admin.RelatedFieldListFilter):
    def field_choices(
        self, field: Field, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[int, str]]:
        return [(group.pk, group_name(group)) for group in Group.objects.order_by("name")]


class VerifiedFilter(admin.SimpleListFilter):
    title = _("address confirmed")
    parameter_name = "verified"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() in ("yes", "no"):
            return queryset.filter(has_proven_mailbox=self.value() == "yes")
        return queryset


class AddressInline(admin.TabularInline):
    """To be read: an address is changed by its owner, or not at all."""

    model = EmailAddress
    fields = readonly_fields = ("email", "verified", "primary")
    extra = 0
    can_delete = False
    verbose_name = _("e-mail address")
    verbose_name_plural = _("e-mail addresses")

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return True  # the user's own page has asked already


@admin.register(User)
class UserAdmin(BoundedSearchMixin, admin.ModelAdmin):
    list_display = (
        "email",
        "display_name",
        "verified",
        "group_names",
        "is_staff",
        "is_active",
        "language",
        "date_joined",
        "last_login",
    )
    list_filter = (VerifiedFilter, "is_staff", "is_active", ("groups", GroupFilter), "language")
    search_fields = ("email", "display_name", "emailaddress__email")
    date_hierarchy = "date_joined"
    ordering = ("-date_joined", "-pk")
    filter_horizontal = ("groups",)
    readonly_fields = ("email", "last_login", "date_joined")
    inlines = (AddressInline,)
    actions = ("confirm_addresses",)
    fieldsets = (
        (None, {"fields": ("email", "display_name", "language")}),
        (_("Rights"), {"fields": ("is_active", *PRIVILEGES)}),
        (_("Times"), {"fields": ("date_joined", "last_login")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).with_verification().prefetch_related("groups")

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: object
    ) -> ModelMultipleChoiceField:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.label_from_instance = group_name
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out rights: whoever else may edit people must not be able to promote themselves."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *PRIVILEGES)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up themselves, and `createsuperuser` makes the first

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: User | None) -> bool:
        return request.user.is_superuser or obj is None or not obj.is_superuser

    @admin.display(boolean=True, description=_("confirmed"), ordering="has_proven_mailbox")
    def verified(self, user: User) -> bool:
        return user.has_proven_mailbox

    @admin.display(description=_("groups"))
    def group_names(self, user: User) -> str:
        return gettext(", ").join(group_name(group) for group in user.groups.all())

    @admin.action(description=_("Confirm the address of the selected users"), permissions=["change"])
    def confirm_addresses(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        waiting = EmailAddress.objects.filter(user__in=queryset, primary=True, verified=False)
        done = sum(addresses.confirm_address(request, address) for address in waiting)
        text = ngettext("%(count)s address is confirmed.", "%(count)s addresses are confirmed.", done) % {
            "count": done
        }
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, is_change: bool) -> None:
        with public_write(obj):  # the name shows beside comments
            super().save_model(request, obj, form, is_change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erase_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            erase_account(user)

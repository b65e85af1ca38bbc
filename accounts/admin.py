"""The admin of users: names, verified addresses, rights. It never shows a password hash, a key or a session
id.
"""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401  (they register models, which are unregistered below)
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

from accounts.verification import flow
from ictiger.core.admin_site import BoundedSearchMixin
from ictiger.pagecache.public_write import public_write

from .erasure import erase_account
from .forms import NamedUserForm
from .models import User

# One log-in page for everybody, with one set of limits.
admin.site.login = secure_admin_login(admin.site.login)


def change_password(request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
    """Use the page that all users have: it limits attempts and notifies the owner by mail."""
    return redirect("account_change_password")


admin.site.password_change = change_password

# allauth's admin pages show session keys and TOTP secrets, or let an address be edited in place: an old link
# would verify the new one.
for model in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)

PRIVILEGES = ("is_staff", "is_superuser", "groups")
# Translated names of the groups that the migrations create. Other groups are shown under their stored name.
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
            return queryset.filter(has_verified_address=self.value() == "yes")
        return queryset


class AddressInline(admin.TabularInline):
    """The addresses of a user, read-only: only their owner changes an address."""

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
        return True  # the page of the user has checked the permission already


@admin.register(User)
class UserAdmin(BoundedSearchMixin, admin.ModelAdmin):
    form = NamedUserForm
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
        """Only a superuser grants rights: other staff who may edit users must not be able to promote
        themselves.
        """
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *PRIVILEGES)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # users sign up themselves, and `createsuperuser` creates the first

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_edit(request, obj)

    def _may_edit(self, request: HttpRequest, obj: User | None) -> bool:
        return request.user.is_superuser or obj is None or not obj.is_superuser

    @admin.display(boolean=True, description=_("confirmed"), ordering="has_verified_address")
    def verified(self, user: User) -> bool:
        return user.has_verified_address

    @admin.display(description=_("groups"))
    def group_names(self, user: User) -> str:
        return gettext(", ").join(group_name(group) for group in user.groups.all())

    @admin.action(description=_("Confirm the address of the selected users"), permissions=["change"])
    def confirm_addresses(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        unverified = EmailAddress.objects.filter(user__in=queryset, primary=True, verified=False)
        count = sum(flow.mark_verified(request, address) for address in unverified)
        text = ngettext("%(count)s address is confirmed.", "%(count)s addresses are confirmed.", count)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, is_change: bool) -> None:
        with public_write(*[obj] if is_change else []) as write:  # the name is shown beside comments
            if not is_change:
                super().save_model(request, obj, form, is_change)
                write.touch(obj)
                return
            # Only what the form shows: what the reader has changed meanwhile stays.
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=[name for name in form.changed_data if name in columns])

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erase_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            erase_account(user)

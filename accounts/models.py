"""The user model, one for readers, authors, editors and moderators; and mailboxes that receive no mail."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ictiger.core.email_addresses import same_address
from ictiger.core.languages import Language
from ictiger.core.lookalikes import skeleton

from .display_names import initials
from .typed_secrets import normal_password, password_forms

UNVERIFIED_LIFETIME = timedelta(days=14)  # after that an account without a verified address is deleted


class UserQuerySet(models.QuerySet):
    def with_verification(self) -> "UserQuerySet":
        """Add `has_verified_address` and `unverified_address_id`, which nearly every personal page needs."""
        addresses = EmailAddress.objects.filter(user=models.OuterRef("pk"))
        return self.annotate(
            has_verified_address=models.Exists(addresses.filter(verified=True)),
            unverified_address_id=models.Subquery(
                addresses.filter(verified=False, primary=True).values("pk")[:1]
            ),
        )

    def is_disabled_at(self, address: str) -> bool:
        """Whether `address` is the verified one of an account that was switched off at the desk."""
        return self.filter(
            is_active=False, emailaddress__email=address.lower(), emailaddress__verified=True
        ).exists()

    def reachable_at(self, address: str) -> "User | None":
        """The one account that a mail to `address` may open: the one that has verified it, else the newest
        without a verified address.

        A new address that a verified account wants to change to opens nothing: mistyped, it is the mailbox of
        somebody else.
        """
        address = same_address(address)
        active = self.filter(is_active=True, emailaddress__email=address).order_by("-pk")
        return (
            active.filter(emailaddress__email=address, emailaddress__verified=True).first()
            or active.with_verification().filter(has_verified_address=False).first()
        )


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=same_address(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """Create a superuser with a verified address: a person who may run this command owns the site.

        Raises IntegrityError when another account has verified the address.
        """
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user


def public_name(user_id: int, display_name: str) -> str:
    """The name that other readers see. It never contains a part of the address."""
    return display_name or str(_("Reader %(number)s") % {"number": user_id})


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a log-in.

    `email` is not unique on purpose. With enumeration prevention anybody may sign up with an address that is
    taken, and a unique column would turn that into an error. A *verified* EmailAddress (allauth's) is unique.
    `email` always equals the primary one.
    """

    handle = models.UUIDField(_("handle"), default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, db_index=True)
    display_name = models.CharField(_("name shown beside comments"), max_length=40, blank=True)
    # What the name looks like (ictiger/core/lookalikes.py), to find others that look the same.
    name_skeleton = models.CharField(max_length=80, blank=True, db_default="", editable=False, db_index=True)
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    mail_replies = models.BooleanField(_("Tell me when somebody replies to my comment"), default=True)
    mail_decisions = models.BooleanField(_("Tell me when a comment of mine is turned down"), default=True)
    # Only moderators get this mail, so only they see the field.
    mail_digest = models.BooleanField(_("Tell me once a day what waits for moderators"), default=True)
    is_staff = models.BooleanField(_("may enter the desk"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)
    # The mailbox was verified from outside the account's own session: content written before that waits until
    # its owner claims it.
    pending_content_unconfirmed = models.BooleanField(
        default=False, editable=False, db_column="waiting_is_doubted"
    )

    # Since when the mailbox of the verified address refuses our mail (verification/refusals.py); null while
    # it takes it. Meanwhile no notices are sent.
    mail_refused_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=~models.Q(email=""), name="user_has_email"),
            models.CheckConstraint(
                condition=models.Q(language__in=Language.values), name="user_language_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields is None or "display_name" in update_fields:
            self.name_skeleton = skeleton(self.display_name)[:80]
            update_fields = update_fields and {*update_fields, "name_skeleton"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password if raw_password is None else normal_password(raw_password))

    def check_password(self, raw_password: str) -> bool:
        """Whether it is the password, in whatever form of Unicode it is typed, and the hash was made."""
        return any(super(User, self).check_password(form) for form in password_forms(raw_password))

    def get_full_name(self) -> str:
        return self.public_name

    def get_short_name(self) -> str:
        return self.public_name

    @property
    def public_name(self) -> str:
        """The name that other readers see. It never contains a part of the address."""
        return public_name(self.pk, self.display_name)

    @property
    def initials(self) -> str:
        """The letters of the avatar, from the public name."""
        return initials(str(self.public_name))

    @property
    def ends_at(self) -> datetime:
        """When the account is deleted if no address is verified before (accounts/unverified_cleanup.py)."""
        return self.date_joined + UNVERIFIED_LIFETIME

    @property
    def is_verified(self) -> bool:
        """Whether an address of this user is verified, which publishing comments needs. One query at each
        call.
        """
        return self.emailaddress_set.filter(verified=True).exists()


class BlockedMailbox(models.Model):
    """A mailbox that gets no mail for a while: its owner reported that somebody else gave the address
    (verification/blocks.py).
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.fingerprint[:8]}… until {self.until:%Y-%m-%d}"


class FormSubmission(models.Model):
    """A form that was sent, so that sending it again does nothing more (form_submissions.py)."""

    key = models.CharField(max_length=64, unique=True)
    # The account that a sign-up has made.
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    nonce = models.CharField(max_length=32, blank=True)  # of a log-in code: see login_codes.py
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key[:8]}… at {self.created_at:%Y-%m-%d %H:%M}"

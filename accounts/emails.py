"""The mails of accounts. Each composer makes a mail's context when it is sent, or returns None to cancel it.

The texts are in templates/accounts/email/.
"""

from datetime import datetime, timedelta

from allauth.account.app_settings import EMAIL_CONFIRMATION_EXPIRE_DAYS, LOGIN_BY_CODE_TIMEOUT
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.verification.addresses import LINK_PURPOSE, TAKEN_PURPOSE, link_key, not_me_key
from ictiger.core.times import local_time_text
from ictiger.mail.composers import composer
from ictiger.mail.models import Mail

from . import login_codes
from .models import User
from .unverified_cleanup import REMINDER_PURPOSE

# The sentences of security notices. The keys are the last parts of allauth's template names, and "erased",
# which is ours.
EVENTS = {
    "password_changed": _("The password of your account was changed."),
    "password_reset": _("The password of your account was reset, with a link that was sent to this address."),
    "password_set": _("A password was set for your account."),
    "email_changed": _("Your account has a new e-mail address. This one no longer belongs to it."),
    "email_deleted": _("An e-mail address was removed from your account."),
    "totp_activated": _("An authenticator app was added to your account."),
    "totp_deactivated": _("The authenticator app was removed from your account."),
    "recovery_codes_generated": _(
        "New recovery codes were made for your account. The old ones no longer work."
    ),
    "webauthn_added": _("A passkey or security key was added to your account."),
    "webauthn_removed": _("A passkey or security key was removed from your account."),
    "erased": _("Your account and everything we kept about you have been deleted, as you asked."),
}


def absolute_url(name: str, *args: str) -> str:
    """The absolute address of a page, in the language of the mail being written."""
    return settings.SITE_URL + reverse(name, args=args)


@composer(LINK_PURPOSE, lifetime=timedelta(days=3))
def verification(mail: Mail) -> dict | None:
    address = (
        EmailAddress.objects.filter(pk=mail.context["address"], verified=False, email=mail.recipient)
        .select_related("user")
        .first()
    )
    if address is None:
        return None
    return {
        "address": address.email,
        "url": absolute_url("account_confirm_email", link_key(address)),
        "days": _link_days(address.user),
        "not_me_url": absolute_url("accounts:not_me", not_me_key(address)),
    }


@composer(REMINDER_PURPOSE, lifetime=timedelta(days=2))
def reminder(mail: Mail) -> dict | None:
    context = verification(mail)
    if context is None:
        return None
    address = EmailAddress.objects.select_related("user").get(pk=mail.context["address"])
    return {**context, "ends_at": address.user.ends_at}


def _link_days(user: User) -> int:
    """Days for which a link made now works, at least 1: its lifetime, or the rest of the account's."""
    if user.is_verified:
        return EMAIL_CONFIRMATION_EXPIRE_DAYS
    time_left = user.ends_at - timezone.now() + timedelta(hours=6)  # a mail waits a little in the queue
    return max(1, min(EMAIL_CONFIRMATION_EXPIRE_DAYS, time_left // timedelta(days=1)))


@composer(TAKEN_PURPOSE, lifetime=timedelta(days=3))
def account_exists(mail: Mail) -> dict | None:
    if not EmailAddress.objects.filter(email=mail.recipient, verified=True).exists():
        return None
    if User.objects.is_disabled_at(mail.recipient):
        return {"address": mail.recipient, "is_disabled": True}
    return {
        "address": mail.recipient,
        "url": absolute_url("account_login"),
        "reset_url": absolute_url("account_reset_password"),
    }


@composer("accounts/unknown_account", lifetime=timedelta(hours=12))
def unknown_account(mail: Mail) -> dict | None:
    if User.objects.reachable_at(mail.recipient):
        return None
    if User.objects.is_disabled_at(mail.recipient):
        return {"address": mail.recipient, "is_disabled": True}
    return {"address": mail.recipient, "url": absolute_url("account_signup")}


@composer("accounts/password_reset", lifetime=timedelta(hours=12))
def password_reset(mail: Mail) -> dict | None:
    user = User.objects.reachable_at(mail.recipient)
    if user is None or user.pk != mail.context["user"]:
        return None
    key = default_token_generator.make_token(user)
    url = absolute_url("account_reset_password_from_key", user_pk_to_url_str(user), key)
    return {"address": mail.recipient, "url": url, "days": settings.PASSWORD_RESET_TIMEOUT // 86_400}


@composer("accounts/login_code", lifetime=timedelta(seconds=LOGIN_BY_CODE_TIMEOUT))
def login_code(mail: Mail) -> dict:
    return {
        "address": mail.recipient,
        "code": login_codes.login_code(mail.context["nonce"]),
        "minutes": LOGIN_BY_CODE_TIMEOUT // 60,
    }


@composer("accounts/security_notice", lifetime=timedelta(days=3))
def security_notice(mail: Mail) -> dict:
    event = mail.context["event"]
    return {
        "address": mail.recipient,
        "what": EVENTS[event],
        "at": local_time_text(datetime.fromisoformat(mail.context["at"])),
        "url": "" if event in ("erased", "email_changed") else absolute_url("account_reset_password"),
    }

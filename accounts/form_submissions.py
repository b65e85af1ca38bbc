"""Forms that are sent once: a form carries a submission id, and sent again it does nothing more.

A double click sends a form twice, also without JavaScript, and the second request may come while the first is
still hashing the password. A unique row for each submission, written in the transaction of what the form
makes, lets one of them win.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from .models import FormSubmission, User

LIFETIME = timedelta(days=1)
# After that the same form is a new wish: its owner came back to it because no mail had come.
SAME_WISH = timedelta(minutes=5)
REUSED_MESSAGE = _("This form was sent before, with other details. Check them, and send it once more.")


class SubmissionField(forms.Field):
    """The hidden submission id. A missing or damaged one counts as that of a form not sent before: None."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, initial=uuid.uuid4)

    def to_python(self, value: object) -> uuid.UUID | None:
        try:
            return uuid.UUID(str(value)) if value else None
        except ValueError:
            return None


def first_signup(submission: uuid.UUID | None) -> User | None:
    """The account that an earlier POST of the same sign-up form made, with its verification; None if there is
    none.
    """
    if submission is None:
        return None
    made = FormSubmission.objects.filter(key=_key("signup", submission)).values("user")
    return User.objects.with_verification().filter(pk__in=made).first()


def record_signup(submission: uuid.UUID, user: User) -> bool:
    """Note that the form has made `user`. False when another request has noted another account: then the
    caller rolls `user` back. Waits for a request that is not committed yet.
    """
    return _insert(_key("signup", submission), user=user)


def is_first_wish(purpose: str, submission: uuid.UUID | None, address: str) -> bool:
    """Note that a form asked for a mail to `address`. False when it did so within SAME_WISH.

    Call it in the transaction that queues the mail.
    """
    return submission is None or _note_wish(_key(purpose, submission, address), "")[0]


@dataclass(frozen=True)
class CodeWish:
    """The form that asked for a log-in code, and the account that the code opens."""

    submission: uuid.UUID
    address: str
    user: User | None


def code_wish(wish: CodeWish, nonce: str) -> tuple[bool, str]:
    """Like `is_first_wish` for a mail with a code: whether it is the first, and the nonce of the code that is
    on its way, which is `nonce` for the first.
    """
    return _note_wish(_key("login_code", wish.submission, wish.address), nonce)


def _note_wish(key: str, nonce: str) -> tuple[bool, str]:
    now = timezone.now()
    if _insert(key, nonce=nonce):
        return True, nonce
    earlier = FormSubmission.objects.select_for_update().get(key=key)
    if earlier.created_at > now - SAME_WISH:
        return False, earlier.nonce
    FormSubmission.objects.filter(key=key).update(created_at=now, nonce=nonce)
    return True, nonce


def _insert(key: str, **fields: object) -> bool:
    try:
        with transaction.atomic():
            FormSubmission.objects.create(key=key, **fields)
    except IntegrityError:
        return False
    return True


def _key(purpose: str, submission: uuid.UUID, address: str = "") -> str:
    """A keyed hash: the rows do not tell who asked for a mail."""
    return salted_hmac("accounts.form", f"{purpose} {submission} {address}", algorithm="sha256").hexdigest()


def prune_submissions() -> int:
    """Delete the rows of forms sent more than LIFETIME ago. Returns how many."""
    old = FormSubmission.objects.filter(created_at__lt=timezone.now() - LIFETIME)
    count, _per_model = old.delete()
    return count

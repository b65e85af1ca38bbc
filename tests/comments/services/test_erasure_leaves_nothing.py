"""After an erasure no table has the user's texts, name or address; before it the takeout has all of them."""

import json
import uuid

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.urls import reverse

from accounts import takeout
from accounts.erasure import erase_account
from accounts.models import User
from comments import services
from comments.models import Ban, BlockedPhrase, CommentDraft, ThreadMute
from comments.policy import ModerationAction, ReportReason, State
from ictiger.mail.models import Mail
from tests.factories import make_comment, make_user

MARK = "xyzzy"
ADDRESS = f"{MARK}@example.org"


@pytest.fixture
def leaver(article, moderator, client_of) -> User:
    """A user with MARK in every text by them and about them in the discussion."""
    user = make_user(ADDRESS, display_name=f"Name {MARK}")
    BlockedPhrase.objects.create(text=f"{MARK}word")
    rejected = make_comment(article, author=user, body=f"Rejected {MARK}", state=State.REJECTED)
    services.appeal(user=user, comment_id=rejected.pk, note=f"Appeal {MARK}")
    mended = make_comment(article, author=user, body=f"Rejected too {MARK}", state=State.REJECTED)
    services.resubmit(user=user, comment_id=mended.pk, body=f"Mended {MARK}")
    answered = make_comment(article, author=user, body=f"Answered {MARK}")
    other = make_comment(article, parent=answered, body="An answer of somebody else's.")
    make_comment(article, author=user, parent=answered, body=f"Reply {MARK}")
    services.edit_comment(user=user, comment_id=answered.pk, body=f"Edited {MARK}word")
    services.decide(
        moderator=moderator,
        comment_id=answered.pk,
        action=ModerationAction.REJECT,
        reason="other",
        note=f"Your {MARK}, no.",
    )
    removed = make_comment(article, author=user, body=f"Removed {MARK}", state=State.REMOVED)
    make_comment(article, author=user, body=f"Held {MARK}", state=State.PENDING)
    services.report_comment(user=user, comment_id=other.pk, reason=ReportReason.OTHER, note=f"Report {MARK}")
    ThreadMute.objects.create(user=user, thread=answered)
    CommentDraft.objects.create(
        token=uuid.uuid4(), account=user, submission=uuid.uuid4(), article=article, body=f"Waiting {MARK}"
    )
    Ban.objects.create(user=user, why=f"Why {MARK}")
    client = client_of(moderator)
    ban = Ban.objects.get()
    client.post(
        reverse("admin:comments_ban_change", args=[ban.pk]),
        {"why": f"Because {MARK}", "until_0": "", "until_1": ""},
    )
    LogEntry.objects.log_actions(User.objects.create_superuser("root@example.org", None).pk, [user], CHANGE)
    client.get(reverse("admin:comments_comment_change", args=[removed.pk]))
    return user


def rows_with(mark: str) -> list[str]:
    matches = []
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            matches += [
                f"{model._meta.label}.{name} {value!r}" for name, value in row.items() if mark in str(value)
            ]
    return matches


def test_erasure_leaves_no_text_name_or_address_in_any_table(leaver):
    assert len({line.partition(" ")[0] for line in rows_with(MARK)}) > 10
    BlockedPhrase.objects.all().delete()  # the phrases that migrations add
    erase_account(leaver)
    farewell = Mail.objects.get(purpose="accounts/security_notice")
    assert rows_with(MARK) == [f"mail.Mail.recipient {farewell.recipient!r}"]


def test_takeout_has_all_texts_by_and_to_the_user(leaver):
    export = "".join(takeout.takeout_json(leaver))
    said = [
        "Rejected",
        "Appeal",
        "Rejected too",
        "Mended",
        "Answered",
        "Edited",
        "Reply",
        "Removed",
        "Held",
        "Report",
        "Waiting",
        "Name",
    ]
    assert [words for words in said if f"{words} {MARK}" not in export] == []
    assert f"Your {MARK}, no." in export
    assert [ban["until"] for ban in json.loads(export)["bans"]] == [None]


def test_ban_shows_moderators_no_address(leaver, moderator, client_of):
    client, ban = client_of(moderator), Ban.objects.get()
    pages = [reverse("admin:comments_ban_changelist"), reverse("admin:index")]
    pages += [
        reverse(f"admin:comments_ban_{page}", args=[ban.pk]) for page in ("change", "history", "delete")
    ]
    shown = [client.get(page).content.decode() for page in pages]
    assert f"Name {MARK}" in shown[0]
    assert [page for page, html in zip(pages, shown, strict=True) if ADDRESS in html] == []

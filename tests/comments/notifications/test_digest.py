"""What moderators are told once a day, to whom, and how it is stopped."""

import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client

from accounts.models import User
from comments.models import Comment
from comments.notifications import digest
from comments.policy import ModerationAction, State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 9, 14, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(MORNING, tick=False)
    return time_machine


@pytest.fixture
def waiting(article, moderator) -> Comment:
    return make_comment(article, state=State.PENDING)


def told() -> list[str]:
    return list(
        Mail.objects.filter(purpose=digest.DIGEST_PURPOSE).order_by("pk").values_list("recipient", flat=True)
    )


# --- when and to whom ---


def test_one_mail_a_day_however_often_it_is_asked_for(waiting, moderator, clock):
    assert [digest.queue_digests() for _time in range(3)] == [1, 0, 0]
    clock.move_to(MORNING + timedelta(hours=15, minutes=59), tick=False)
    assert digest.queue_digests() == 0
    clock.move_to(MORNING + timedelta(days=1), tick=False)
    assert digest.queue_digests() == 1
    assert told() == [moderator.email] * 2


def test_not_before_the_morning(waiting, clock):
    clock.move_to(MORNING - timedelta(seconds=1), tick=False)
    assert digest.queue_digests() == 0


def test_nothing_when_nothing_waits(article, moderator):
    for state in (State.VISIBLE, State.REJECTED, State.REMOVED, State.UNVERIFIED):
        make_comment(article, state=state)
    assert digest.queue_digests() == 0


def test_only_moderators_who_want_it_and_have_proven_their_address(waiting, moderator):
    make_user(group="Editor")
    make_user(group="Author")
    make_user(group="Editor", is_superuser=True)  # has every right, and another task
    make_user(group="Moderator", mail_digest=False)
    make_user(group="Moderator", is_active=False)
    make_user(group="Moderator", verified=False)
    in_person = make_user(group="Author")
    in_person.user_permissions.add(Permission.objects.get(codename="moderate_comment"))
    digest.queue_digests()
    assert sorted(told()) == sorted([moderator.email, in_person.email])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_sweeps_at_once_ask_for_one_mail(in_threads):
    moderator = make_user(group="Moderator")
    make_comment(make_article(), state=State.PENDING)
    assert sum(in_threads([digest.queue_digests] * 4)) == 1
    assert told() == [moderator.email]


# --- what it says ---


def letter():
    digest.queue_digests()
    return compose_message(Mail.objects.filter(purpose=digest.DIGEST_PURPOSE).latest("pk"))


def test_it_counts_by_rule_and_tells_how_long_the_oldest_waits(article, waiting):
    make_comment(article, state=State.PENDING)
    make_comment(article, state=State.PENDING, body="See https://example.com/.")
    with public_write(waiting):
        waiting.held_at = MORNING - timedelta(hours=3)
        waiting.save()
    mail = letter()
    assert mail.subject == "3 comments wait for a moderator"
    assert "3 comments wait for a moderator; the oldest has waited for 3 hours." in mail.body
    assert "first comment: 2\nhttp://testserver/admin/comments/comment/?rule=newcomer" in mail.body
    assert "newcomer’s links: 1\nhttp://testserver/admin/comments/comment/?rule=links" in mail.body
    assert "Usually decided" not in mail.body


def test_it_has_none_of_the_texts_or_names(article, moderator):
    make_comment(
        article, author=make_user(display_name="Ann Reed"), state=State.PENDING, body="Words of hers."
    )
    mail = letter()
    for part in (mail.body, mail.alternatives[0][0]):
        assert "Words of hers" not in part
        assert "Ann Reed" not in part


def test_it_is_in_the_moderators_language(waiting, moderator):
    User.objects.filter(pk=moderator.pk).update(language="zh-hans")
    mail = letter()
    assert mail.subject == "有 1 条评论待审"
    assert "http://testserver/zh-hans/admin/comments/comment/" in mail.body
    assert "首次评论" in mail.body


def test_it_is_not_sent_when_everything_is_decided_by_then(waiting):
    digest.queue_digests()
    decide_as_somebody(waiting, ModerationAction.APPROVE)
    assert compose_message(Mail.objects.get(purpose=digest.DIGEST_PURPOSE)) is None


@pytest.mark.parametrize("change_of_mind", ["wish", "task", "address"])
def test_it_is_not_sent_to_who_no_longer_wants_or_has_it(waiting, moderator, change_of_mind):
    digest.queue_digests()
    if change_of_mind == "wish":
        digest.end_digest(moderator)
    elif change_of_mind == "task":
        moderator.groups.remove(Group.objects.get(name="Moderator"))
    else:
        moderator.emailaddress_set.update(verified=False)
    assert compose_message(Mail.objects.get(purpose=digest.DIGEST_PURPOSE)) is None


# --- no longer ---


@pytest.fixture
def path(waiting) -> str:
    return re.fullmatch(r"<http://testserver(/\S+)>", letter().extra_headers["List-Unsubscribe"])[1]


def test_one_click_in_a_mail_program_ends_them(path, moderator):
    answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    moderator.refresh_from_db()
    assert (moderator.mail_digest, moderator.mail_replies) == (False, True)


def test_looking_ends_nothing(path, stranger, moderator):
    assert "No more mails about comments that wait?" in stranger.get(path).content.decode()
    moderator.refresh_from_db()
    assert moderator.mail_digest is True


def test_an_altered_link_leads_nowhere(path, stranger):
    assert stranger.post(f"{path[:-2]}x/").status_code == 404


@pytest.mark.parametrize(("sent", "wants"), [({}, False), ({"mail_digest": "on"}, True)])
def test_moderators_choose_it_in_their_profile(client_of, moderator, sent, wants):
    client = client_of(moderator)
    assert "Tell me once a day what waits for moderators" in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en", **sent})
    moderator.refresh_from_db()
    assert moderator.mail_digest is wants
    assert (
        json.loads(client.get("/accounts/me/data/").getvalue())["account"][
            "mails about what waits for moderators"
        ]
        is wants
    )


def test_readers_are_not_asked(client_of, reader):
    client = client_of(reader)
    assert "mail_digest" not in client.get("/accounts/me/").content.decode()
    client.post("/accounts/me/", {"display_name": "", "language": "en"})
    reader.refresh_from_db()
    assert reader.mail_digest is True  # for the day they become one

"""The pages on which an author revises a rejected comment or appeals.

A refused text is returned in the form.
"""

import pytest
from django.test import Client

from comments import services
from comments.models import Comment
from comments.policy import HoldRule, ModerationAction, State
from tests.comments.conftest import FRAGMENT
from tests.factories import make_comment, make_user

pytestmark = pytest.mark.django_db
TASKS = ["mend", "appeal"]


@pytest.fixture
def rejected(article, reader, moderator) -> Comment:
    comment = make_comment(article, author=reader, state=State.PENDING, body="As it was judged.")
    services.decide(
        moderator=moderator,
        comment_id=comment.pk,
        verb=ModerationAction.REJECT,
        reason="unclear",
        note="Which <claim>?",
    )
    comment.refresh_from_db()
    return comment


def typed_text(response) -> str:
    return response.content.decode().split("<textarea")[1].split(">\n", 1)[1].split("</textarea>")[0]


@pytest.mark.parametrize(
    ("task", "hold", "text", "body"),
    [
        ("mend", HoldRule.REVISED, "Claim 2.", "Claim 2."),
        ("appeal", HoldRule.APPEALED, "It says so.", "As it was judged."),
    ],
)
def test_author_revises_or_appeals(rejected, client_of, reader, task, hold, text, body):
    client, url = client_of(reader), f"/comments/{rejected.pk}/{task}/"
    assert f'href="{url}"' in client.get("/comments/mine/").content.decode()
    page = client.get(url)
    assert "Which &lt;claim&gt;?" in page.content.decode()
    assert typed_text(page) == ("As it was judged." if task == "mend" else "")
    assert client.post(url, {"body": text})["Location"] == f"/comments/{rejected.pk}/"
    rejected.refresh_from_db()
    assert (rejected.state, rejected.reason, rejected.body) == (State.PENDING, hold, body)
    assert f'href="{url}"' not in client.get("/comments/mine/").content.decode()


def test_script_gets_the_held_comment(rejected, client_of, reader):
    response = client_of(reader).post(
        f"/comments/{rejected.pk}/mend/", {"body": "Claim 2."}, headers=FRAGMENT
    )
    assert (response.status_code, 'data-state="pending"' in response.content.decode()) == (201, True)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("others", [0, 1])
def test_page_says_who_decides_about_an_appeal(rejected, client_of, reader, task, others):
    for _number in range(others):
        make_user("second@example.org", group="Moderator")
    html = client_of(reader).get(f"/comments/{rejected.pk}/{task}/").content.decode()
    assert ("Another moderator reads your comment as it stands" in html) == (task == "appeal" and others == 1)
    assert ("There is no other moderator at present" in html) == (task == "appeal" and others == 0)


@pytest.mark.parametrize(("task", "limit"), [("mend", 140), ("appeal", 70)])
def test_too_long_text_is_returned(rejected, client_of, reader, task, limit):
    client, url = client_of(reader), f"/comments/{rejected.pk}/{task}/"
    assert f'data-limit="{limit}"' in client.get(url).content.decode()
    response = client.post(url, {"body": "字" * (limit + 1)})
    assert (response.status_code, typed_text(response)) == (422, "字" * (limit + 1))
    assert client.post(url, {"body": "字" * limit}).status_code == 302


@pytest.mark.parametrize("task", TASKS)
def test_empty_text_is_refused(rejected, client_of, reader, task):
    assert client_of(reader).post(f"/comments/{rejected.pk}/{task}/", {"body": " \n"}).status_code == 422
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED


@pytest.mark.parametrize("task", TASKS)
def test_second_time_is_refused_and_the_text_returned(rejected, client_of, reader, moderator, task):
    client, url = client_of(reader), f"/comments/{rejected.pk}/{task}/"
    client.post(url, {"body": "Once."})
    services.decide(moderator=moderator, comment_id=rejected.pk, verb=ModerationAction.REJECT, reason="other")
    response = client.post(url, {"body": "Twice."})
    assert (response.status_code, typed_text(response)) == (422, "Twice.")
    assert "can be done once" in response.content.decode()
    page = client.get(url).content.decode()
    assert "<textarea" not in page
    assert "cannot be done with this comment any more" in page


@pytest.mark.parametrize("task", TASKS)
def test_text_is_returned_without_a_session_or_csrf_token(rejected, reader, task):
    url = f"/comments/{rejected.pk}/{task}/"
    signed_in = Client(enforce_csrf_checks=True)
    signed_in.force_login(reader)
    for client in (signed_in, Client(enforce_csrf_checks=True), Client()):
        response = client.post(url, {"body": "Typed."})
        assert (response.status_code, typed_text(response)) == (403, "Typed.")
        assert f'action="{url}"' in response.content.decode()
        assert ("As it was judged." in response.content.decode()) == (
            client is signed_in and task == "appeal"
        )
    assert Client().get(url)["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("task", TASKS)
def test_rejected_comment_of_another_author_is_404(rejected, client_of, task):
    client, url = client_of(make_user()), f"/comments/{rejected.pk}/{task}/"
    assert client.get(url).status_code == 404
    assert client.post(url, {"body": "Mine."}).status_code == 404

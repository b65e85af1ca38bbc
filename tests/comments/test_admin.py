from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from comments import services
from comments.models import Ban, Comment, Decision
from comments.policy import Rejection, State, Verb
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"


def decide(client: Client, verb: str, *comments: Comment, seen: dict[int, str] | None = None, **fields) -> str:
    """Post the list's form with what it showed; the page that follows."""
    data = {"action": verb, "index": "0", ACTION_CHECKBOX_NAME: [comment.pk for comment in comments], **fields}
    data |= {f"seen_{comment.pk}": (seen or {}).get(comment.pk, comment.seen) for comment in comments}
    return page(client.post(QUEUE, data, follow=True))


def page(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


def state_of(comment: Comment) -> tuple[str, str]:
    return Comment.objects.values_list("state", "reason").get(pk=comment.pk)


# --- who may ---


def test_the_group_has_just_the_rights_it_needs(db):
    rights = Group.objects.get(name="Moderator").permissions.values_list("content_type__app_label", "codename")
    assert sorted(rights) == [
        ("comments", codename)
        for codename in [
            "add_ban", "add_reason", "change_ban", "change_reason", "delete_ban", "delete_reason", "moderate_comment",
            "view_ban", "view_comment", "view_decision", "view_reason", "view_report",
        ]
    ]  # fmt: skip


@pytest.mark.parametrize("group", ["Author", "Editor"])
def test_others_at_the_desk_do_not_moderate(article, client_of, group):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(make_user(group=group))
    assert client.get(QUEUE).status_code == 403
    assert client.post(QUEUE, {"action": "approve", ACTION_CHECKBOX_NAME: [comment.pk]}).status_code == 403
    assert state_of(comment)[0] == State.PENDING


def test_who_may_only_look_decides_nothing(article, client_of, django_user_model):
    looker = make_user(group="Moderator")
    group = Group.objects.get(name="Moderator")
    group.permissions.remove(group.permissions.get(codename="moderate_comment"))
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(looker), "approve", comment)
    assert state_of(comment)[0] == State.PENDING


@pytest.mark.parametrize("url", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_comments_at_the_desk(article, client_of, moderator, url):
    comment = make_comment(article)
    assert client_of(moderator).get(QUEUE + url.format(pk=comment.pk)).status_code == 403


# --- the queue ---


def test_the_queue_has_what_waits_the_longest_first(article, client_of, moderator):
    waiting = [make_comment(article, state=State.PENDING, body=f"Text {number}.") for number in range(2)]
    for state in (State.VISIBLE, State.REJECTED, State.REMOVED, State.UNVERIFIED):
        make_comment(article, state=state, body=f"Not {state}.")
    html = page(client_of(moderator).get(QUEUE))
    assert html.index("Text 0.") < html.index("Text 1.")
    assert "Not " not in html.split('id="result_list"')[1]
    assert f'name="seen_{waiting[0].pk}" value="pending.0"' in html


def test_a_row_has_the_comment_the_article_what_it_answers_and_the_authors_record(article, client_of, moderator):
    author = make_user(display_name="A < B")
    make_comment(make_article(), author=author, state=State.REJECTED)
    make_comment(make_article(), author=author)
    thread = make_comment(article, body="What about <standards>?")
    make_comment(article, author=author, parent=thread, state=State.PENDING, body="They <script> too.\n\nYes.")
    html = page(client_of(moderator).get(QUEUE))
    assert "<p>They &lt;script&gt; too.</p>" in html
    assert article.title in html
    assert "What about &lt;standards&gt;?" in html
    assert "<bdi>A &lt; B</bdi><br><small>1 approved, 1 turned down</small>" in html


def test_comments_that_wait_for_a_mailbox_are_not_at_the_desk(article, client_of, moderator):
    comment = make_comment(article, state=State.UNVERIFIED, body="Not said yet.")
    client = client_of(moderator)
    assert "Not said yet." not in page(client.get(QUEUE, {"state": "all"}))
    assert client.get(f"{QUEUE}{comment.pk}/change/").status_code == 302


@pytest.mark.parametrize("state", [State.VISIBLE, State.REJECTED, State.REMOVED])
def test_the_list_is_filtered_by_state(article, client_of, moderator, state):
    for each in (State.VISIBLE, State.REJECTED, State.REMOVED, State.PENDING):
        make_comment(article, state=each, body=f"Is {each}.")
    rows = page(client_of(moderator).get(QUEUE, {"state": state})).split('id="result_list"')[1]
    assert [each for each in State.values if f"Is {each}." in rows] == [state]


def test_the_list_is_filtered_by_language_and_article(article, client_of, moderator):
    make_comment(article, state=State.PENDING, body="In English.")
    make_comment(make_article(), state=State.PENDING, body="用中文写的。")
    client = client_of(moderator)
    assert "In English." not in page(client.get(QUEUE, {"language__exact": "zh-hans"}))
    assert "用中文写的。" not in page(client.get(QUEUE, {"article__id__exact": article.pk}))


@pytest.mark.parametrize("number", [1, 30])
def test_the_queue_takes_as_many_queries_with_many(client_of, moderator, django_assert_num_queries, number):
    for index in range(number):
        article = make_article()
        make_comment(article, parent=make_comment(article), state=State.PENDING, body=f"Text {index}.")
    client = client_of(moderator)
    client.get(QUEUE)
    with django_assert_num_queries(9):
        client.get(QUEUE)


def test_the_page_of_a_comment_has_everything_and_the_buttons(article, client_of, moderator):
    comment = make_comment(article, state=State.REJECTED, body="Judged as this.")
    html = page(client_of(moderator).get(f"{QUEUE}{comment.pk}/change/"))
    assert f'formaction="{QUEUE}"' in html
    assert f'name="seen_{comment.pk}" value="rejected.0"' in html
    assert f'name="_selected_action" value="{comment.pk}"' in html
    assert "It is not about the article" in html
    assert 'name="_save"' not in html


# --- deciding ---


def test_approving_several(article, client_of, moderator):
    comments = [make_comment(article, state=State.PENDING, body=f"Text {number}.") for number in range(3)]
    assert "3 decisions made." in decide(client_of(moderator), "approve", *comments)
    assert [state_of(comment)[0] for comment in comments] == [State.VISIBLE] * 3
    assert set(Decision.objects.values_list("moderator", flat=True)) == {moderator.pk}


def test_rejecting_with_a_reason_and_words(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="uncivil", note="Please.")
    assert state_of(comment) == (State.REJECTED, Rejection.UNCIVIL)
    assert Comment.objects.get().note == "Please."


def test_rejecting_without_a_reason_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    assert "Choose the reason" in decide(client_of(moderator), "reject", comment)
    assert state_of(comment)[0] == State.PENDING


def test_a_reason_that_is_none_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="because")
    assert state_of(comment)[0] == State.PENDING


def test_removing_and_undoing(article, client_of, moderator):
    comment = make_comment(article)
    client = client_of(moderator)
    decide(client, "remove", comment)
    assert state_of(comment) == (State.REMOVED, "moderator")
    comment.refresh_from_db()
    decide(client, "undo", comment)
    assert state_of(comment) == (State.VISIBLE, "")


def test_the_second_moderator_is_told_who_was_first(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    seen = {comment.pk: comment.seen}
    decide_as_somebody(comment, Verb.APPROVE)
    first = Decision.objects.get().moderator
    html = decide(client_of(moderator), "reject", comment, seen=seen, reason="uncivil")
    assert f"{first.public_name} has already decided about this comment" in html
    assert state_of(comment)[0] == State.VISIBLE
    assert Decision.objects.count() == 1


def test_a_comment_that_changed_since_is_not_decided_about(article, client_of, moderator, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    seen = {comment.pk: comment.seen}
    services.edit(user=reader, comment_id=comment.pk, body="Quite another text.")
    assert "has changed this comment since" in decide(client_of(moderator), "approve", comment, seen=seen)
    assert state_of(comment)[0] == State.PENDING


def test_what_was_not_shown_is_not_decided_about(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client_of(moderator).post(QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [comment.pk]})
    assert state_of(comment)[0] == State.PENDING


@pytest.mark.parametrize("pk", ["999999", str(2**70)])
def test_deciding_about_nothing(article, client_of, moderator, pk):
    response = client_of(moderator).post(QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [pk]})
    assert response.status_code == 302
    assert not Decision.objects.exists()


def test_banning_the_authors(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    assert "1 author banned." in decide(client, "ban_authors", comment, note="Spam in three places.")
    ban = Ban.objects.get()
    assert (ban.user, ban.why, round((ban.until - ban.created_at) / timedelta(days=1))) == (comment.author, "Spam in three places.", 30)
    assert comment.author.public_name in page(client.get("/admin/comments/ban/"))
    client.post(f"/admin/comments/ban/{ban.pk}/delete/", {"post": "yes"})
    assert not Ban.objects.exists()

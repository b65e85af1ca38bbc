import re
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from comments import policy, services
from comments.admin import stats
from comments.admin.author_records import author_records
from comments.models import Ban, Comment, Decision
from comments.policy import HoldRule, ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"


def decide(
    client: Client, verb: str, *comments: Comment, seen: dict[int, str] | None = None, **fields
) -> str:
    """Post the list's form with what it showed; the page that follows."""
    data = {
        "action": verb,
        "index": "0",
        ACTION_CHECKBOX_NAME: [comment.pk for comment in comments],
        **fields,
    }
    data |= {
        f"seen_{comment.pk}": (seen or {}).get(comment.pk, comment.version_token) for comment in comments
    }
    return page(client.post(QUEUE, data, follow=True))


def page(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


def record_in(html: str) -> dict[str, str]:
    """The author's record as the first row shows it, but for the date."""
    first = html.split('class="desk-record"')[1].split("</dl>")[0]
    return dict(re.findall(r"<dt>((?!member)[\w ]+)</dt><dd>(.*?)</dd>", first))


def state_of(comment: Comment) -> tuple[str, str]:
    return Comment.objects.values_list("state", "reason").get(pk=comment.pk)


# --- who may ---


def test_the_group_has_just_the_rights_it_needs(db):
    rights = Group.objects.get(name="Moderator").permissions.values_list(
        "content_type__app_label", "codename"
    )
    assert sorted(rights) == [
        ("comments", codename)
        for codename in [
            "add_ban", "add_blockedphrase", "add_reason", "change_ban",
            "change_blockedphrase", "change_discussion", "change_reason", "change_sitecommentsettings",
            "delete_ban", "delete_blockedphrase", "delete_reason", "moderate_comment",
            "view_ban", "view_blockedphrase", "view_comment", "view_decision",
            "view_discussion", "view_reason", "view_report", "view_sitecommentsettings",
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
    assert "Not " not in html.split('class="desk-rows"')[1]
    assert f'name="seen_{waiting[0].pk}" value="pending.0"' in html


def test_a_row_has_the_comment_the_article_what_it_answers_and_the_authors_record(
    article, client_of, moderator
):
    author = make_user(display_name="A < B")
    make_comment(make_article(), author=author, state=State.REJECTED)
    make_comment(make_article(), author=author)
    thread = make_comment(article, body="What about <standards>?")
    make_comment(
        article, author=author, parent=thread, state=State.PENDING, body="They <script> too.\n\nYes."
    )
    html = page(client_of(moderator).get(QUEUE))
    assert "<p>They &lt;script&gt; too.</p>" in html
    assert article.title in html
    assert "What about &lt;standards&gt;?" in html
    assert "<bdi>A &lt; B</bdi></h2>" in html
    assert "turned down lately" in html
    told = {"approvals": "1", "rejections": "1", "removals by moderators": "0", "reports": "0", "bans": "0"}
    assert record_in(html) == told


def test_the_record_counts_what_moderators_decided_but_for_what_they_took_back(article, client_of, moderator):
    """Not the states of now: who mends or removes what was turned down has been turned down all the same."""
    author = make_user()
    mended = make_comment(article, author=author, state=State.REJECTED)
    services.resubmit(user=author, comment_id=mended.pk, body="Put better, with a source.")
    decide_as_somebody(mended, ModerationAction.APPROVE)
    services.edit_comment(user=author, comment_id=mended.pk, body="Put better, with another source.")
    gone = make_comment(make_article(), author=author, state=State.REJECTED, body="Of no use.")
    services.remove_comment(user=author, comment_id=gone.pk)
    services.remove_comment(
        user=author, comment_id=make_comment(make_article(), author=author, body="By its author.").pk
    )
    make_comment(make_article(), author=author, state=State.REMOVED, body="By a moderator.")
    for state, body in ((State.VISIBLE, "One."), (State.REJECTED, "Two."), (State.REMOVED, "Three.")):
        decide_as_somebody(
            make_comment(make_article(), author=author, state=state, body=body), ModerationAction.UNDO
        )
    record = author_records([author])[author.pk]
    assert (record.approvals, record.rejections, record.removals) == (4, 2, 1)


def test_comments_that_wait_for_a_mailbox_are_not_at_the_desk(article, client_of, moderator):
    comment = make_comment(article, state=State.UNVERIFIED, body="Not said yet.")
    client = client_of(moderator)
    assert "Not said yet." not in page(client.get(QUEUE, {"state": "all"}))
    assert client.get(f"{QUEUE}{comment.pk}/change/").status_code == 302


@pytest.mark.parametrize("state", [State.VISIBLE, State.REJECTED, State.REMOVED])
def test_the_list_is_filtered_by_state(article, client_of, moderator, state):
    for each in (State.VISIBLE, State.REJECTED, State.REMOVED, State.PENDING):
        make_comment(article, state=each, body=f"Is {each}.")
    rows = page(client_of(moderator).get(QUEUE, {"state": state})).split('class="desk-rows"')[1]
    assert [each for each in State.values if f"Is {each}." in rows] == [state]


def test_the_list_is_filtered_by_language_and_article(article, client_of, moderator):
    make_comment(article, state=State.PENDING, body="In English.")
    make_comment(make_article(), state=State.PENDING, body="用中文写的。")
    client = client_of(moderator)
    assert "In English." not in page(client.get(QUEUE, {"language__exact": "zh-hans"}))
    assert "用中文写的。" not in page(client.get(QUEUE, {"article__id__exact": article.pk}))


def test_the_articles_to_filter_by_are_those_with_comments_that_wait(article, client_of, moderator):
    quiet = [make_article("quiet"), make_article("quieter")]
    for discussed in quiet:
        make_comment(discussed)
    for waiting in (article, make_article("busy")):
        make_comment(waiting, state=State.PENDING)
    page = client_of(moderator).get(QUEUE).content.decode()
    assert f"article__id__exact={article.pk}" in page
    assert f"article__id__exact={quiet[0].pk}" not in page


def test_the_page_of_a_comment_has_everything_and_the_buttons(article, client_of, moderator):
    comment = make_comment(article, state=State.REJECTED, body="Judged as this.")
    html = page(client_of(moderator).get(f"{QUEUE}{comment.pk}/change/"))
    assert f'action="{QUEUE}{comment.pk}/decide/"' in html
    assert 'name="seen" value="rejected.0"' in html
    assert html.count("It is not about the article") == 2  # in the row, and in the history
    assert 'name="_save"' not in html


def test_the_queue_is_filtered_by_what_holds_a_comment(article, client_of, moderator):
    make_comment(article, state=State.PENDING, body="My first.")
    make_comment(article, state=State.PENDING, body="See https://example.com/.")
    client = client_of(moderator)
    for rule, (shown, other) in {
        "newcomer": ("My first.", "See https"),
        "links": ("See https", "My first."),
    }.items():
        rows = page(client.get(QUEUE, {"rule": rule})).split('class="desk-rows"')[1]
        assert (shown in rows, other in rows) == (True, False)


def test_every_rule_has_a_short_name():
    assert set(policy.HOLD_RULE_LABELS) == set(HoldRule)


def test_the_figures_above_the_queue(article, client_of, moderator):
    for state in (State.PENDING, State.PENDING, State.VISIBLE, State.REJECTED, State.UNVERIFIED):
        make_comment(article, state=state)
    oldest = Comment.objects.queue().first()
    with public_write(oldest):
        oldest.held_at -= timedelta(hours=2)
        oldest.save()
    Decision.objects.update(waited=timedelta(minutes=25))
    for _number in range(5):
        make_comment(article)
    Decision.objects.update(waited=timedelta(minutes=25))
    shown = page(client_of(moderator).get(QUEUE)).split('class="desk-numbers"')[1].split("</dl>")[0]
    assert re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", shown) == [
        ("waiting for a moderator", "2"),
        ("visible", "6"),
        ("rejected", "1"),
        ("removed", "0"),
        ("usually decided within", "25 minutes"),
        ("the oldest has waited for", "3 hours"),
    ]


def test_the_figures_above_the_queue_are_counted_to_a_bound(article, client_of, moderator, monkeypatch):
    monkeypatch.setattr(stats, "MAX_COUNTED", 2)
    for state in (*[State.VISIBLE] * 3, *[State.REJECTED] * 2):
        make_comment(article, state=state)
    shown = page(client_of(moderator).get(QUEUE)).split('class="desk-numbers"')[1].split("</dl>")[0]
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", shown)[:4] == ["0", "2+", "2", "0"]


def test_what_has_waited_the_longest_comes_first_whenever_it_was_written(article, client_of, moderator):
    old = make_comment(article, body="Written first, doubted last.")
    make_comment(article, state=State.PENDING, body="Written last.")
    decide_as_somebody(old, ModerationAction.UNDO)
    html = page(client_of(moderator).get(QUEUE))
    assert html.index("Written last.") < html.index("Written first")


def test_a_row_of_an_appeal_has_what_was_decided_and_what_the_author_says(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING, body="The claim is to narrow.")
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear")
    services.resubmit(user=comment.author, comment_id=comment.pk, body="The claim is too narrow.")
    html = page(client_of(moderator).get(QUEUE))
    assert "· mended" in html
    assert "We could not make out what it says." in html
    assert "<del>to</del><ins>too</ins>" in html
    decide_as_somebody(comment, ModerationAction.REJECT, reason="off_topic")
    services.appeal(user=comment.author, comment_id=comment.pk, note="It is <about> the article.")
    html = page(client_of(moderator).get(QUEUE))
    assert "It is &lt;about&gt; the article." in html
    assert "The text is as it was." in html


def test_who_was_appealed_against_has_no_buttons(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    services.decide(
        moderator=moderator, comment_id=comment.pk, action=ModerationAction.REJECT, reason="other"
    )
    services.appeal(user=comment.author, comment_id=comment.pk, note="Why?")
    alone = page(client_of(moderator).get(QUEUE))
    assert 'data-desk-form="approve"' in alone
    make_user(group="Moderator")
    html = page(client_of(moderator).get(QUEUE))
    assert "another moderator decides about it" in html
    assert 'data-desk-form="approve"' not in html


def test_ones_own_comment_has_no_buttons(article, client_of, moderator):
    make_user(group="Moderator")
    make_comment(article, author=moderator, state=State.PENDING)
    html = page(client_of(moderator).get(QUEUE))
    assert "This comment is your own: another moderator decides about it." in html
    assert 'data-desk-form="approve"' not in html


# --- what the search does not tell ---


@pytest.mark.parametrize("query", [{"q": "secret"}, {"q": "secret-box@example.org"}])
def test_moderators_do_not_find_addresses(article, client_of, moderator, query):
    make_comment(article, author=make_user("secret-box@example.org"), state=State.PENDING, body="Mine.")
    assert "Mine." not in page(client_of(moderator).get(QUEUE, query))
    chief = make_user(group="Moderator", is_superuser=True)
    assert "Mine." in page(client_of(chief).get(QUEUE, query))


def test_nor_by_a_filter_made_up(article, client_of, moderator):
    make_comment(article, author=make_user("secret-box@example.org"), state=State.PENDING)
    assert client_of(moderator).get(QUEUE, {"author__email__startswith": "secret"}).status_code == 400


# --- deciding ---


def test_approving_several(article, client_of, moderator):
    comments = [make_comment(article, state=State.PENDING, body=f"Text {number}.") for number in range(3)]
    assert "3 decisions made." in decide(client_of(moderator), "approve", *comments)
    assert [state_of(comment)[0] for comment in comments] == [State.VISIBLE] * 3
    assert set(Decision.objects.values_list("moderator", flat=True)) == {moderator.pk}


def test_rejecting_with_a_reason_and_words(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="uncivil", note="Please.")
    assert state_of(comment) == (State.REJECTED, "uncivil")
    assert Comment.objects.get().note == "Please."


def test_rejecting_without_a_reason_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    assert "Choose the reason" in decide(client_of(moderator), "reject", comment)
    assert state_of(comment)[0] == State.PENDING


def test_words_that_are_too_long_are_refused_for_several_too(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    assert "at most 700 are taken" in decide(
        client_of(moderator), "reject", comment, reason="uncivil", note="字" * 701
    )
    assert state_of(comment)[0] == State.PENDING


def test_a_reason_that_is_none_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="because")
    assert state_of(comment)[0] == State.PENDING


def test_removing_and_undoing(article, client_of, moderator):
    comment = make_comment(article)
    client = client_of(moderator)
    assert "Choose the reason" in decide(client, "remove", comment)
    decide(client, "remove", comment, reason="uncivil")
    assert state_of(comment) == (State.REMOVED, "uncivil")
    comment.refresh_from_db()
    decide(client, "undo", comment)
    assert state_of(comment) == (State.VISIBLE, "")


def test_the_second_moderator_is_told_who_was_first(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    seen = {comment.pk: comment.version_token}
    decide_as_somebody(comment, ModerationAction.APPROVE)
    first = Decision.objects.get().moderator
    html = decide(client_of(moderator), "reject", comment, seen=seen, reason="uncivil")
    assert f"{first.public_name} has already decided about this comment" in html
    assert state_of(comment)[0] == State.VISIBLE
    assert Decision.objects.count() == 1


def test_a_comment_that_changed_since_is_not_decided_about(article, client_of, moderator, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    seen = {comment.pk: comment.version_token}
    services.edit_comment(user=reader, comment_id=comment.pk, body="Quite another text.")
    assert "has changed this comment since" in decide(client_of(moderator), "approve", comment, seen=seen)
    assert state_of(comment)[0] == State.PENDING


def test_what_was_not_shown_is_not_decided_about(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client_of(moderator).post(QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [comment.pk]})
    assert state_of(comment)[0] == State.PENDING


@pytest.mark.parametrize("pk", ["999999", str(2**70)])
def test_deciding_about_nothing(article, client_of, moderator, pk):
    response = client_of(moderator).post(
        QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [pk]}
    )
    assert response.status_code == 302
    assert not Decision.objects.exists()


def test_banning_the_authors(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    assert "Say why" in decide(client, "ban_authors", comment, days="30")
    assert "1 author banned." in decide(
        client, "ban_authors", comment, days="30", why="Spam in three places."
    )
    ban = Ban.objects.get()
    assert (ban.user, ban.why, round((ban.until - ban.created_at) / timedelta(days=1))) == (
        comment.author,
        "Spam in three places.",
        30,
    )
    assert ban.banned_by == moderator
    listed = page(client.get("/admin/comments/ban/"))
    assert comment.author.public_name in listed
    assert moderator.public_name in listed.split('id="result_list"')[1]
    client.post(f"/admin/comments/ban/{ban.pk}/delete/", {"post": "yes"})
    assert not Ban.objects.exists()

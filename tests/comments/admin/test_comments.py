"""The moderation queue: who sees it, what it lists, filters and searches, and the detail page."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group

from comments import policy, services
from comments.admin import stats
from comments.admin.author_records import author_records
from comments.models import Comment, Decision
from comments.policy import HoldRule, ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

from .queue import QUEUE, decide, page, state_of

pytestmark = pytest.mark.django_db


def record_in(html: str) -> dict[str, str]:
    """The author record of the first row, without the date."""
    first = html.split('class="desk-record"')[1].split("</dl>")[0]
    return dict(re.findall(r"<dt>((?!member)[\w ]+)</dt><dd>(.*?)</dd>", first))


def test_moderator_group_has_only_the_permissions_it_needs(db):
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
def test_other_staff_cannot_moderate(article, client_of, group):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(make_user(group=group))
    assert client.get(QUEUE).status_code == 403
    assert client.post(QUEUE, {"action": "approve", ACTION_CHECKBOX_NAME: [comment.pk]}).status_code == 403
    assert state_of(comment)[0] == State.PENDING


def test_viewer_cannot_decide(article, client_of, django_user_model):
    looker = make_user(group="Moderator")
    group = Group.objects.get(name="Moderator")
    group.permissions.remove(group.permissions.get(codename="moderate_comment"))
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(looker), "approve", comment)
    assert state_of(comment)[0] == State.PENDING


@pytest.mark.parametrize("url", ["add/", "{pk}/delete/"])
def test_comments_cannot_be_added_or_deleted(article, client_of, moderator, url):
    comment = make_comment(article)
    assert client_of(moderator).get(QUEUE + url.format(pk=comment.pk)).status_code == 403


def test_queue_lists_pending_comments_longest_wait_first(article, client_of, moderator):
    waiting = [make_comment(article, state=State.PENDING, body=f"Text {number}.") for number in range(2)]
    for state in (State.VISIBLE, State.REJECTED, State.REMOVED, State.UNVERIFIED):
        make_comment(article, state=state, body=f"Not {state}.")
    html = page(client_of(moderator).get(QUEUE))
    assert html.index("Text 0.") < html.index("Text 1.")
    assert "Not " not in html.split('class="desk-rows"')[1]
    assert f'name="seen_{waiting[0].pk}" value="pending.0"' in html


def test_row_has_the_comment_article_parent_and_author_record(article, client_of, moderator):
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
    expected = {
        "approvals": "1",
        "rejections": "1",
        "removals by moderators": "0",
        "reports": "0",
        "bans": "0",
    }
    assert record_in(html) == expected


def test_author_record_leaves_out_undone_decisions(article, client_of, moderator):
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


def test_unverified_comments_are_not_in_the_admin(article, client_of, moderator):
    comment = make_comment(article, state=State.UNVERIFIED, body="Not said yet.")
    client = client_of(moderator)
    assert "Not said yet." not in page(client.get(QUEUE, {"state": "all"}))
    assert client.get(f"{QUEUE}{comment.pk}/change/").status_code == 302


@pytest.mark.parametrize("state", [State.VISIBLE, State.REJECTED, State.REMOVED])
def test_list_is_filtered_by_state(article, client_of, moderator, state):
    for each in (State.VISIBLE, State.REJECTED, State.REMOVED, State.PENDING):
        make_comment(article, state=each, body=f"Is {each}.")
    rows = page(client_of(moderator).get(QUEUE, {"state": state})).split('class="desk-rows"')[1]
    assert [each for each in State.values if f"Is {each}." in rows] == [state]


def test_list_is_filtered_by_language_and_article(article, client_of, moderator):
    make_comment(article, state=State.PENDING, body="In English.")
    make_comment(make_article(), state=State.PENDING, body="用中文写的。")
    client = client_of(moderator)
    assert "In English." not in page(client.get(QUEUE, {"language__exact": "zh-hans"}))
    assert "用中文写的。" not in page(client.get(QUEUE, {"article__id__exact": article.pk}))


def test_article_filter_offers_articles_with_pending_comments(article, client_of, moderator):
    quiet = [make_article("quiet"), make_article("quieter")]
    for discussed in quiet:
        make_comment(discussed)
    for waiting in (article, make_article("busy")):
        make_comment(waiting, state=State.PENDING)
    page = client_of(moderator).get(QUEUE).content.decode()
    assert f"article__id__exact={article.pk}" in page
    assert f"article__id__exact={quiet[0].pk}" not in page


def test_detail_page_has_the_row_the_history_and_the_buttons(article, client_of, moderator):
    comment = make_comment(article, state=State.REJECTED, body="Judged as this.")
    html = page(client_of(moderator).get(f"{QUEUE}{comment.pk}/change/"))
    assert f'action="{QUEUE}{comment.pk}/decide/"' in html
    assert 'name="seen" value="rejected.0"' in html
    assert html.count("It is not about the article") == 2  # in the row, and in the history
    assert 'name="_save"' not in html


def test_queue_is_filtered_by_rule(article, client_of, moderator):
    make_comment(article, state=State.PENDING, body="My first.")
    make_comment(article, state=State.PENDING, body="See https://example.com/.")
    client = client_of(moderator)
    for rule, (shown, other) in {
        "newcomer": ("My first.", "See https"),
        "links": ("See https", "My first."),
    }.items():
        rows = page(client.get(QUEUE, {"rule": rule})).split('class="desk-rows"')[1]
        assert (shown in rows, other in rows) == (True, False)


def test_every_rule_has_a_label():
    assert set(policy.HOLD_RULE_LABELS) == set(HoldRule)


def test_stats_show_counts_and_waits(article, client_of, moderator):
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
        ('<a href="?state=reported">reported, still visible</a>', "0"),
        ("usually decided within", "25 minutes"),
        ("the oldest has waited for", "3 hours"),
    ]


def test_stats_are_counted_to_a_bound(article, client_of, moderator, monkeypatch):
    monkeypatch.setattr(stats, "MAX_COUNTED", 2)
    for state in (*[State.VISIBLE] * 3, *[State.REJECTED] * 2):
        make_comment(article, state=state)
    shown = page(client_of(moderator).get(QUEUE)).split('class="desk-numbers"')[1].split("</dl>")[0]
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", shown)[:4] == ["0", "2+", "2", "0"]


def test_queue_is_ordered_by_the_time_of_holding(article, client_of, moderator):
    old = make_comment(article, body="Written first, doubted last.")
    make_comment(article, state=State.PENDING, body="Written last.")
    decide_as_somebody(old, ModerationAction.UNDO)
    html = page(client_of(moderator).get(QUEUE))
    assert html.index("Written last.") < html.index("Written first")


def test_row_of_an_appeal_has_the_rejection_and_the_note(article, client_of, moderator):
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


def test_moderator_appealed_against_has_no_buttons(article, client_of, moderator):
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


def test_moderators_own_comment_has_no_buttons(article, client_of, moderator):
    make_user(group="Moderator")
    make_comment(article, author=moderator, state=State.PENDING)
    html = page(client_of(moderator).get(QUEUE))
    assert "This comment is your own: another moderator decides about it." in html
    assert 'data-desk-form="approve"' not in html


@pytest.mark.parametrize("query", [{"q": "secret"}, {"q": "secret-box@example.org"}])
def test_moderators_cannot_search_addresses(article, client_of, moderator, query):
    make_comment(article, author=make_user("secret-box@example.org"), state=State.PENDING, body="Mine.")
    assert "Mine." not in page(client_of(moderator).get(QUEUE, query))
    chief = make_user(group="Moderator", is_superuser=True)
    assert "Mine." in page(client_of(chief).get(QUEUE, query))


def test_made_up_filter_reveals_no_addresses(article, client_of, moderator):
    make_comment(article, author=make_user("secret-box@example.org"), state=State.PENDING)
    assert client_of(moderator).get(QUEUE, {"author__email__startswith": "secret"}).status_code == 400

"""The emergency switches: what readers see and may do, and who turns them."""

import uuid

import pytest
from django.urls import reverse

from comments import services
from comments.models import BlockedPhrase, Comment, CommentDraft, Discussion, SiteCommentSettings
from comments.policy import HoldRule, State, Switch, strictest
from tests.comments.conftest import FRAGMENT
from tests.factories import make_article, make_comment, make_user
from tests.pagecache import recorder

pytestmark = pytest.mark.django_db

CLOSED = "Comments are closed for now."
HELD = "A moderator reads every comment before it appears."


@pytest.fixture
def trusted(article, reader):
    make_comment(article, author=reader, body="My first comment, approved.")
    return reader


@pytest.fixture
def turn(moderator, article):
    """`turn("site", Switch.HELD)` or `turn("article", …)`."""

    def turned(where: str, switch: Switch, **sentences) -> None:
        if where == "site":
            services.switch_site(by=moderator, switch=switch, **sentences)
        else:
            services.switch_discussion(by=moderator, key=article.translation_key, switch=switch)

    return turned


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        (Switch.OPEN, Switch.OPEN, Switch.OPEN),
        (Switch.OPEN, Switch.HELD, Switch.HELD),
        (Switch.CLOSED, Switch.HELD, Switch.CLOSED),
        (Switch.CLOSED, Switch.OPEN, Switch.CLOSED),
    ],
)
def test_stricter_switch_holds(one, other, holds):
    assert strictest(one, other) == strictest(other, one) == holds


@pytest.mark.parametrize("where", ["site", "article"])
def test_held_switch_holds_trusted_authors_and_says_so(article, trusted, client_of, send, turn, where):
    turn(where, Switch.HELD)
    client = client_of(trusted)
    send(client, "A second comment.")
    assert Comment.objects.filter(state=State.PENDING, reason=HoldRule.EVERYTHING_HELD).count() == 1
    assert (
        "At present a moderator reads every comment before it appears."
        in client.get(reverse("comments:my_comments")).content.decode()
    )
    assert HELD in client.get(article.get_absolute_url()).content.decode()


@pytest.mark.parametrize("where", ["site", "article"])
@pytest.mark.parametrize("headers", [None, FRAGMENT])
def test_closed_switch_refuses_and_returns_the_text(article, trusted, client_of, send, turn, where, headers):
    turn(where, Switch.CLOSED)
    response = send(client_of(trusted), "A second comment.", headers=headers)
    assert response.status_code == 422
    assert CLOSED in response.content.decode()
    assert ">\nA second comment.</textarea>" in response.content.decode()
    assert Comment.objects.count() == 1


def test_closed_switch_is_announced_to_anonymous_visitors(article, stranger, send, turn):
    turn("article", Switch.CLOSED)
    page = stranger.get(article.get_absolute_url()).content.decode()
    assert CLOSED in page
    assert "data-comment-form" not in page
    assert CLOSED in stranger.get(reverse("comments:new", args=[article.slug])).content.decode()
    response = send(stranger, "My text.")
    assert (response.status_code, ">\nMy text.</textarea>" in response.content.decode()) == (422, True)


def test_draft_stays_while_closed_and_can_be_posted_later(article, trusted, stranger, send, turn):
    submission = str(uuid.uuid4())
    send(stranger, "Kept.", submission=submission)
    pending = make_comment(article, state=State.PENDING)
    turn("site", Switch.CLOSED)
    stranger.force_login(trusted)
    assert send(stranger, "Kept.", submission=submission).status_code == 422
    assert CommentDraft.objects.get().body == "Kept."
    pending.refresh_from_db()
    assert pending.state == State.PENDING
    turn("site", Switch.OPEN)
    assert send(stranger, "Kept.", submission=submission).status_code == 302
    assert Comment.objects.get(body="Kept.").state == State.VISIBLE


def test_edit_is_held_or_refused_by_the_switch(article, trusted, turn):
    comment = Comment.objects.get(author=trusted)
    turn("article", Switch.CLOSED)
    with pytest.raises(services.DiscussionClosed):
        services.edit_comment(user=trusted, comment_id=comment.pk, body="Changed.")
    turn("article", Switch.HELD)
    services.edit_comment(user=trusted, comment_id=comment.pk, body="Changed.")
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.body) == (
        State.PENDING,
        HoldRule.EVERYTHING_HELD,
        "Changed.",
    )


def test_comments_released_while_closed_are_held(article, unverified, turn):
    comment = make_comment(article, author=unverified, state=State.UNVERIFIED)
    turn("site", Switch.CLOSED)
    unverified.emailaddress_set.update(verified=True)
    services.release_comments(unverified)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.EVERYTHING_HELD)


@pytest.mark.parametrize("where", ["site", "article"])
def test_closed_switch_refuses_resubmission_but_not_appeal(article, reader, client_of, turn, where):
    """A resubmitted text is a comment, which a closed switch refuses; an appeal's note is not."""
    rejected = make_comment(article, author=reader, body="Turned down.", state=State.REJECTED)
    turn(where, Switch.CLOSED)
    client = client_of(reader)
    response = client.post(reverse("comments:revise", args=[rejected.pk]), {"body": "Put otherwise."})
    assert (response.status_code, ">\nPut otherwise.</textarea>" in response.content.decode()) == (422, True)
    assert (
        client.post(
            reverse("comments:appeal", args=[rejected.pk]), {"body": "It is to the point."}
        ).status_code
        == 302
    )
    rejected.refresh_from_db()
    assert (rejected.state, rejected.reason, rejected.body) == (
        State.PENDING,
        HoldRule.APPEALED,
        "Turned down.",
    )


def test_switch_of_one_discussion_leaves_others_open(article, trusted, turn):
    turn("article", Switch.CLOSED)
    elsewhere = services.post_comment(
        user=trusted, article=make_article(), body="Elsewhere.", submission=uuid.uuid4()
    )
    assert elsewhere.state == State.VISIBLE


def test_languages_of_an_article_share_the_switch(article, stranger, turn):
    chinese = make_article(language="zh-hans", translation_key=article.translation_key)
    turn("article", Switch.HELD)
    assert "每条评论经版主过目后才会显示。" in stranger.get(chinese.get_absolute_url()).content.decode()


def test_site_notice_is_in_the_language_of_the_page(article, stranger, turn):
    chinese = make_article(language="zh-hans")
    turn("site", Switch.CLOSED, notice_en="Back <soon>.", notice_zh="很快恢复。")
    assert "Back &lt;soon&gt;." in stranger.get(article.get_absolute_url()).content.decode()
    assert "很快恢复。" in stranger.get(chinese.get_absolute_url()).content.decode()
    turn("site", Switch.OPEN, notice_en="Back <soon>.", notice_zh="很快恢复。")
    assert "Back &lt;soon&gt;." not in stranger.get(article.get_absolute_url()).content.decode()


def test_article_closed_by_itself_shows_no_site_notice(stranger, turn):
    closed = make_article(comments_open=False)
    turn("site", Switch.HELD, notice_en="We are a little late.")
    page = stranger.get(closed.get_absolute_url()).content.decode()
    assert "This discussion has closed." in page
    assert "We are a little late." not in page


def test_each_switch_purges_the_pages_that_show_it(
    article, moderator, settings, django_capture_on_commit_callbacks
):
    chinese = make_article(language="zh-hans", translation_key=article.translation_key)
    settings.PAGE_CACHE_BACKENDS = ["tests.pagecache.recorder.record_purge"]
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        services.switch_discussion(by=moderator, key=article.translation_key, switch=Switch.HELD)
    trees, feeds = (
        [f"{version.get_absolute_url()}**" for version in (article, chinese)],
        ["/comments/feed/", "/zh-hans/comments/feed/"],
    )
    assert recorder.purged == [sorted(trees + feeds)]
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        services.switch_site(by=moderator, switch=Switch.HELD)
    assert recorder.purged == [["/**"]]


@pytest.mark.parametrize("group", ["Moderator", "Editor"])
def test_moderators_and_editors_turn_the_site_switch(client_of, group):
    person = make_user(group=group, display_name="Whoever")
    client = client_of(person)
    assert client.get("/admin/comments/sitecommentsettings/", follow=True).status_code == 200
    data = {"switch": "held", "notice_en": "We are a little late.", "notice_zh": ""}
    page = client.post("/admin/comments/sitecommentsettings/1/change/", data, follow=True).content.decode()
    house = SiteCommentSettings.objects.get()
    assert (house.switch, house.notice_en, house.switched_by) == (
        Switch.HELD,
        "We are a little late.",
        person,
    )
    assert "Emergency switch for the whole site:" in page
    assert "Whoever" in page
    for url in (
        "/admin/",
        "/admin/comments/",
        "/admin/comments/discussion/",
    ):  # a list has its app in another context variable
        assert "Emergency switch for the whole site:" in client.get(url).content.decode(), url
    client.post("/admin/comments/sitecommentsettings/1/change/", {**data, "switch": "open"})
    assert "Emergency switch for the whole site:" not in client.get("/admin/").content.decode()


def test_compose_form_shows_that_comments_are_closed(article, stranger, turn):
    turn("site", Switch.CLOSED, notice_en="Back on Monday.")
    html = stranger.get(reverse("comments:new", args=[article.slug])).content.decode()
    assert f'<p class="note">{CLOSED}</p><p class="note">Back on Monday.</p>' in html


@pytest.mark.parametrize("where", ["site", "article"])
def test_compose_form_shows_that_everything_is_held(article, trusted, stranger, client_of, turn, where):
    comment = services.post_comment(user=trusted, article=article, body="As posted.", submission=uuid.uuid4())
    paths = {
        reverse("comments:new", args=[article.slug]): stranger,
        reverse("comments:edit", args=[comment.pk]): client_of(trusted),
    }
    assert not any(HELD in client.get(path).content.decode() for path, client in paths.items())
    turn(where, Switch.HELD, notice_en="Until Monday.")
    for path, client in paths.items():
        html = client.get(path).content.decode()
        assert HELD in html
        assert ("Until Monday." in html) == (where == "site")


@pytest.mark.parametrize(
    ("old", "new"), [("house/1/change/", "sitecommentsettings"), ("phrase/", "blockedphrase")]
)
def test_old_admin_urls_redirect_to_renamed_models(client_of, moderator, old, new):
    for prefix in ("", "/zh-hans"):
        response = client_of(moderator).get(f"{prefix}/admin/comments/{old}")
        assert (response.status_code, response.url) == (302, f"{prefix}/admin/comments/{new}/")


def test_authors_cannot_turn_switches(article, client_of):
    client = client_of(make_user(group="Author"))
    for path in (
        "sitecommentsettings/1/change/",
        f"discussion/{article.translation_key}/change/",
        "blockedphrase/",
    ):
        assert client.get(f"/admin/comments/{path}").status_code == 403, path
    assert (
        "Hold or close the discussion"
        not in client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    )


def test_article_form_links_to_the_discussion_switch(article, client_of, editor):
    client = client_of(editor)
    address = f"/admin/comments/discussion/{article.translation_key}/change/"
    assert f'href="{address}"' in client.get(f"/admin/articles/article/{article.pk}/change/").content.decode()
    assert f'<span lang="en">{article.title}</span>' in client.get(address).content.decode()
    assert not Discussion.objects.exists(), "looking makes no row"
    client.post(address, {"switch": "closed"})
    discussion = Discussion.objects.get(pk=article.translation_key)
    assert (discussion.switch, discussion.switched_by) == (Switch.CLOSED, editor)
    assert article.title in client.get("/admin/comments/discussion/").content.decode()
    client.post(address, {"switch": "open"})
    assert article.title not in client.get("/admin/comments/discussion/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "sitecommentsettings/2",
        "sitecommentsettings/x",
        "discussion/x",
        "discussion/43a8cb4e-8301-4bf6-ba57-a808a6b2dd90",
    ],
)
def test_unknown_switches_are_not_found(client_of, moderator, wrong):
    response = client_of(moderator).get(f"/admin/comments/{wrong}/change/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_moderator_edits_the_blocklist(client_of, moderator):
    client = client_of(moderator)
    client.post("/admin/comments/blockedphrase/add/", {"text": "Casino", "effect": "hold", "note": ""})
    assert BlockedPhrase.objects.values_list("text", "folded").get() == ("Casino", "casino")
    page = client.post(
        "/admin/comments/blockedphrase/add/", {"text": "CАSINO", "effect": "refuse", "note": ""}
    ).content.decode()
    assert "“Casino” in the list already finds this." in page
    for text in ("—", "a", "\u200b\u200b"):
        assert (
            "Enter a word of two letters or more"
            in client.post(
                "/admin/comments/blockedphrase/add/", {"text": text, "effect": "hold", "note": ""}
            ).content.decode()
        )
    assert "Enter a word" not in client.get("/admin/comments/blockedphrase/").content.decode()
    stamp = SiteCommentSettings.objects.get().blocklist_version
    client.post(
        "/admin/comments/blockedphrase/",
        {"action": "delete_selected", "_selected_action": BlockedPhrase.objects.get().pk, "post": "yes"},
    )
    assert not BlockedPhrase.objects.exists()
    assert SiteCommentSettings.objects.get().blocklist_version != stamp


def test_queue_shows_matched_phrases_and_links_to_the_switch(article, client_of, moderator):
    BlockedPhrase(text="Casino").save()
    make_comment(article, state=State.PENDING, body="A c-a-s-i-n-o.")
    page = client_of(moderator).get("/admin/comments/comment/").content.decode()
    assert '<b dir="auto">Casino</b>' in page
    assert f'href="/admin/comments/discussion/{article.translation_key}/change/"' in page

"""What “My comments” shows of one comment: its state, the reason and its text, to its author alone."""

import json

import pytest

from articles.services import unpublish
from comments import account_hooks, services
from comments.policy import ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_comment, make_user

pytestmark = pytest.mark.django_db


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State.PENDING, "A moderator reads everyone’s first comment."),
        (State.REJECTED, "It is not about the article or the comment it replies to."),
    ],
)
def test_held_or_rejected_comment_shows_state_reason_and_text(article, client_of, reader, state, message):
    comment = make_comment(article, author=reader, state=state, body="My own words.")
    html = html_of(client_of(reader).get("/comments/mine/"))
    comment_html = html[html.index(f'id="comment-{comment.pk}" data-state="{state}"') :].split("</article>")[
        0
    ]
    assert message in comment_html
    assert "My own words." in comment_html


def test_unverified_comment_waits_for_the_address(article, client_of, unverified):
    make_comment(article, author=unverified, state=State.UNVERIFIED)
    html = html_of(client_of(unverified).get("/comments/mine/"))
    assert 'data-state="unverified"' in html
    assert "waits for your e-mail address to be confirmed" in html


def test_message_of_the_moderator_replaces_the_reason(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    decide_as_somebody(comment, ModerationAction.REJECT, reason="unclear", note="Which <claim>?")
    html = html_of(client_of(reader).get("/comments/mine/"))
    assert '<q class="comment-note" lang="en">Which &lt;claim&gt;?</q>' in html
    assert "We could not make out what it says." not in html


@pytest.mark.parametrize(("language", "message"), [("en", "It advertises."), ("zh-hans", "内容属于广告。")])
def test_reason_is_in_the_language_of_the_author(article, client_of, language, message):
    author = make_user(language=language)
    comment = make_comment(article, author=author, state=State.PENDING)
    decide_as_somebody(comment, ModerationAction.REJECT, reason="advertising")
    tag = "zh-Hans" if language == "zh-hans" else "en"
    assert f'<q class="comment-note" lang="{tag}">{message}</q>' in html_of(
        client_of(author).get("/comments/mine/")
    )
    assert [
        row["words from the moderator"]
        for row in json.loads(client_of(author).get("/accounts/me/data/").getvalue())["comments"]
    ] == [message]


def test_comment_removed_by_a_moderator_shows_why_and_that_it_is_final(article, client_of, reader):
    removed = make_comment(article, author=reader)
    decide_as_somebody(removed, ModerationAction.REMOVE, reason="advertising")
    html = html_of(client_of(reader).get("/comments/mine/"))
    for part in (
        "Removed by a moderator.",
        "Only you see the text.",
        "It advertises.",
        "This cannot be appealed.",
    ):
        assert part in html
    decide_as_somebody(removed, ModerationAction.UNDO)
    services.remove_comment(user=reader, comment_id=removed.pk)
    assert "This cannot be appealed." not in html_of(client_of(reader).get("/comments/mine/"))


def test_visible_comment_shows_no_state(article, client_of, reader):
    make_comment(article, author=reader)
    assert "data-state" not in html_of(client_of(reader).get("/comments/mine/")).split('<main id="main"')[1]


def test_new_title_of_an_unpublished_article_does_not_leak(article, client_of, unverified):
    """The article is withdrawn, and will be published again under a title that is not public yet."""
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="My own words.")
    client = client_of(unverified)
    assert article.title in html_of(client.get("/comments/mine/"))

    unpublish(article)
    with public_write(article):
        article.title = "The secret title"
        article.save()

    page = html_of(client.get("/comments/mine/"))
    takeout = client.get("/accounts/me/data/").getvalue().decode()
    preview = account_hooks.comments_to_be_published(unverified, at_once=True)
    for text in (page, takeout, preview):
        assert "My own words." in text
        assert "secret" not in text
    assert "An article that is not published now" in page


def test_page_has_no_comments_of_others(article, client_of, reader):
    make_comment(article, body="Somebody else's.")
    assert "Somebody else" not in html_of(client_of(reader).get("/comments/mine/"))


@pytest.mark.parametrize("page", ["0", "-1", "x", "1000000000"])
def test_page_number_out_of_range_shows_a_page(article, client_of, reader, page):
    comment = make_comment(article, author=reader)
    html = html_of(client_of(reader).get("/comments/mine/", {"page": page}))
    assert f'id="comment-{comment.pk}"' in html

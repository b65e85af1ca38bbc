"""In the desk: which articles an earlier release rendered, and how an editor renders them again."""

from articles.models import Article, Status
from articles.services import save_draft
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

from .form_client import buttons_of, change_url, edit, messages_of
from .test_article_list import LIST, cell, slugs

REFUSAL = "“%s” stays as it was: this release has rendered it"


def make_old(article: Article) -> Article:
    """An article whose HTML an earlier release made."""
    with public_write():
        Article.objects.filter(pk=article.pk).update(renderer_version=0, body_html="<p>Old.</p>")
    return article


def act(client, action: str, *articles: Article) -> list[str]:
    data = {"action": action, "_selected_action": [article.pk for article in articles]}
    return messages_of(client.post(LIST, data, follow=True))


def test_article_of_an_earlier_release_is_marked_and_found(editor_client):
    make_article("new")
    make_old(make_article("old"))
    make_old(make_article("draft", status=Status.DRAFT))

    response = editor_client.get(LIST, {"state": "old"})

    assert slugs(response) == ["old"]
    assert "rendered by an earlier release" in cell(response, "state")
    assert "rendered by an earlier release" not in cell(editor_client.get(LIST, {"q": "new"}), "state")


def test_render_again_takes_the_published_text_and_leaves_the_draft(editor_client):
    old, new = make_old(make_article("old", title="Old", body="Published.")), make_article("new", title="New")
    save_draft(old, body="Half a sen")

    assert act(editor_client, "render_selected", old, new) == [
        REFUSAL % "New",
        "Rendered again: Old.",
    ]

    old.refresh_from_db()
    assert (old.body_html, old.draft.body, old.updated_at) == ("<p>Published.</p>", "Half a sen", None)
    assert act(editor_client, "render_selected", old) == [
        "“Old” stays as it was: this release has rendered it"
    ]


def test_publish_is_not_refused_for_an_old_text(editor_client):
    old = make_old(make_article("old", title="Old", body="Published."))

    assert act(editor_client, "publish_selected", old) == ["Published: Old."]

    old.refresh_from_db()
    assert (old.body_html, old.updated_at) == ("<p>Published.</p>", None)


def test_author_may_not_render_again(client_of, author):
    old = make_old(make_article("old", created_by=author))
    act(client_of(author), "render_selected", old)
    old.refresh_from_db()
    assert old.body_html == "<p>Old.</p>"


def test_button_is_offered_for_an_old_text_and_leaves_the_draft_a_draft(editor_client):
    article = make_article(body="Published.")
    assert "_render" not in buttons_of(editor_client.get(change_url(article)))
    make_old(article)
    assert buttons_of(editor_client.get(change_url(article)))["_render"] == "Render again"

    response = edit(editor_client, article, press="_render", body="Unfinished wor")

    assert response.status_code == 302
    assert messages_of(editor_client.get(response.url)) == [f"Rendered again: {article.title}."]
    article.refresh_from_db()
    assert (article.body_html, article.draft.body) == ("<p>Published.</p>", "Unfinished wor")


def test_refusal_by_the_renderer_is_shown_in_the_form(editor_client, monkeypatch):
    article = make_old(make_article(body="Published."))
    monkeypatch.setattr("articles.services.lost_text", lambda *_args: [(1, "Published")])

    response = edit(editor_client, article, press="_render")

    assert response.status_code == 200
    assert "Published" in str(response.context["errors"])
    article.refresh_from_db()
    assert article.body_html == "<p>Old.</p>"

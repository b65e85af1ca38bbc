"""Articles know nothing of the apps that add to them."""

import ast
from pathlib import Path

import articles
from articles import hooks
from tests.factories import make_article


def test_articles_have_no_code_that_names_comments():
    package = Path(articles.__file__).parent
    files = [path for path in package.rglob("*.py") if "migrations" not in path.parts]
    strings = {
        (path.name, node.value)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("comments")
    }

    # A path of the site, its prefix in robots.txt, and two fields of Article.
    assert strings == {
        ("slugs.py", "comments"),
        ("sitemaps.py", "comments/"),
        *((name, field) for name in FIELD_FILES for field in ("comments_open", "comments_close_at")),
    }


FIELD_FILES = ["article.py", "services.py"]


def test_personal_fragment_is_none_without_an_app_that_has_one(db, monkeypatch):
    article = make_article()
    assert hooks.personal_fragment_url(article) == f"/me/discussion/{article.pk}/"

    monkeypatch.setattr(hooks, "_personal_fragment_urls", [])

    assert hooks.personal_fragment_url(article) == ""

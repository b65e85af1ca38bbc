"""`manage.py render`: what it says and with which status it ends."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles.models import Article, Page
from articles.rerender import count_outdated
from articles.services import save_page
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

from .test_rerender import make_old

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("render", *arguments, "--processes=1", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_old_texts_are_rendered_and_counted():
    make_old(make_article("a"))
    make_old(save_page(Page(title="About", slug="about", body="Text.")), body_html="<p>Text.</p>")
    make_article("new")

    assert run() == "Texts: 2; changed: 1; the same for readers: 1.\n"
    assert run() == "Texts: 0; changed: 0; the same for readers: 0.\n"


def test_all_renders_new_texts_too():
    make_article("a")
    assert run("--all") == "Texts: 1; changed: 0; the same for readers: 1.\n"
    assert count_outdated() == 0


def test_all_that_was_interrupted_goes_on_without_it(monkeypatch):
    make_article("a")
    with monkeypatch.context() as patch:
        patch.setattr("articles.rerender.render_texts", lambda *_args, **_options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run("--all")
    assert run() == "Texts: 1; changed: 0; the same for readers: 1.\n"


def test_named_texts_are_rendered_alone():
    by_slug, by_id, other = [make_old(make_article(slug)) for slug in ("权利", "b", "c")]
    page = make_old(save_page(Page(title="About", slug="about", body="Text.")))

    assert run("权利", str(by_id.pk), "about").startswith("Texts: 3; changed: 3;")

    assert [row.renderer_version for row in Article.objects.order_by("pk")] == [1, 1, 0]
    assert Page.objects.get(pk=page.pk).body_html == "<p>Text.</p>"
    assert (by_slug.slug, other.slug) == ("权利", "c")


@pytest.mark.parametrize("name", ["nowhere", "9" * 40, "٣", "draft", "", "a b", "--"])
def test_unknown_name_is_refused_before_anything_is_written(name):
    old = make_old(make_article("a"))
    make_article("draft", status="draft")

    with pytest.raises(CommandError, match="There is no published article and no page"):
        run("a", "--", name)

    old.refresh_from_db()
    assert old.body_html == "<p>Old.</p>"


@pytest.mark.parametrize("arguments", [("a", "--all"), ("--processes=0",)])
def test_arguments_that_make_no_sense_are_refused(arguments):
    with pytest.raises(CommandError):
        call_command("render", *arguments)


def test_dry_run_says_what_changes_and_writes_nothing():
    article = make_article(
        "a", body="Before it.\n\nThe _id field, _then_ it.\n\n## More\n\n[x](https://a.example/)"
    )
    make_old(
        article,
        body_html=article.body_html.replace("_id field", "field")
        .replace("<em>then</em>", "then")
        .replace("https://a.example/", "/a/"),
        contents=article.contents,
        words=article.words,
        reading_minutes=article.reading_minutes,
    )
    make_old(make_article("same", body="A."), body_html="<p>A.</p>", contents=[], words=1, reading_minutes=1)

    report = run("--dry-run").splitlines()

    assert report == [
        f"article {article.pk} /articles/a/ “Title of a”: changes",
        "  text: The{+ _id+} field, then it.",
        "  tags: +1 <em>, 1 with other attributes",
        f"article {article.pk + 1} /articles/same/ “Title of same”: the same",
        "Texts: 2; would change: 1; the same for readers: 1.",
    ]
    assert count_outdated() == 2


def test_dry_run_shows_what_else_is_counted_anew():
    make_old(make_article("a", body="甲" * 50), body_html="<p>" + "甲" * 50 + "</p>")
    assert "  also: words, reading_minutes" in run("--dry-run").splitlines()


def test_text_that_cannot_be_rendered_is_named_and_the_status_is_1():
    broken = make_old(make_article("broken"))
    with public_write():
        Article.objects.filter(pk=broken.pk).update(body="> " * 1000 + "deep")
    make_old(make_article("fine"))
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError, match="1 could not be rendered") as refused:
        call_command("render", "--processes=1", stdout=out, stderr=err)

    assert refused.value.returncode == 1
    assert err.getvalue().startswith(
        f"article {broken.pk} /articles/broken/ “Title of broken” stays as it is: "
    )
    assert out.getvalue().startswith("Texts: 2; changed: 1;")
    assert Article.objects.get(slug="fine").renderer_version == 1


def test_bar_is_drawn_on_a_terminal_only(monkeypatch):
    make_old(make_article("a"))
    terminal = StringIO()
    terminal.isatty = lambda: True
    call_command("render", stdout=StringIO(), stderr=terminal)
    assert terminal.getvalue() == f"\r{'█' * 30} 1/1\n"

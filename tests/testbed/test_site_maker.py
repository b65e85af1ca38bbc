"""`manage.py bench make`: the rows of the generated site are like those of the services."""

from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Q

from articles.models import Article
from articles.search import index_text, search_articles
from articles.services import render_draft
from comments.models import Comment, Discussion
from ictiger.core.languages import Language
from ictiger.testbed.data import site_maker, texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_texts(monkeypatch):
    monkeypatch.setattr(texts, "TEXTS_PER_LANGUAGE", 3)
    monkeypatch.setattr(texts, "REMARKS_PER_LANGUAGE", 10)


@pytest.fixture
def site(capsys) -> str:
    call_command("bench", "make", "--articles=30", "--comments=700")
    return capsys.readouterr().out


def test_make_creates_the_given_number_of_articles_and_comments_and_prints_a_rate(site):
    assert (Article.objects.public().count(), Comment.objects.count()) == (30, 700)
    assert "30 articles and 700 comments in" in site
    assert "a second" in site


def test_articles_equal_their_published_drafts(site):
    article = Article.objects.select_related("draft").first()
    rendered = render_draft(article.draft)
    assert (article.body_html, article.words, article.contents) == (
        rendered.html,
        rendered.words,
        rendered.contents,
    )
    assert set(article.search_text.split()) >= set(
        index_text(article.title, article.summary, rendered.text).split()
    )
    assert article.bylines.exists()
    assert article.topics.exists()


def test_both_languages_of_an_article_share_the_translation_key(site):
    assert Counter(Article.objects.values_list("language", flat=True)) == {
        Language.EN: 15,
        Language.ZH_HANS: 15,
    }
    assert Article.objects.values("translation_key").distinct().count() == 15


def test_counters_of_discussions_equal_their_comments(site):
    counted = Comment.objects.values_list("discussion").annotate(
        comments=Count("pk"), threads=Count("pk", filter=Q(parent=None)), last=Max("thread_no")
    )
    counters = {
        discussion.pk: (discussion.comments, discussion.threads)
        for discussion in Discussion.objects.exclude(comments=0)
    }
    assert {key: (comments, threads) for key, comments, threads, _last in counted} == counters
    assert all(threads == last for _key, _comments, threads, last in counted)


def test_the_measured_article_has_fifty_threads_of_three_replies(site):
    article = Article.objects.get(slug=site_maker.MEASURED, language=Language.EN)
    threads = Comment.objects.in_discussion_of(article).filter(parent=None).annotate(number=Count("replies"))
    assert [thread.number for thread in threads] == [3] * 50


def test_search_finds_an_article_by_its_number(site):
    odd = Article.objects.get(slug="article-7")
    assert odd in search_articles("7", language=odd.language)


def test_make_refuses_a_database_with_a_publication(site):
    with pytest.raises(CommandError, match="There is a publication"):
        call_command("bench", "make", "--articles=2", "--comments=0")
    assert Article.objects.count() == 30


def test_pages_of_the_generated_site_are_rendered(site, stranger):
    for path in (
        "/",
        f"/articles/{site_maker.MEASURED}/",
        f"/zh-hans/articles/{site_maker.MEASURED}/",
        "/topics/topic-1/",
        "/authors/author-1/",
    ):
        assert stranger.get(path).status_code == 200

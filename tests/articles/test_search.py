"""Search: words, prefixes, Chinese words of one and more characters, and the search page."""

import pytest

from articles.search import MAX_QUERY, MAX_TERMS, index_text, search_articles, terms_of
from articles.services import publish, save_draft
from tests.factories import make_article, make_author

pytestmark = pytest.mark.django_db


def search_slugs(query: str, language: str = "en") -> list[str]:
    return [article.slug for article in search_articles(query, language=language)]


@pytest.mark.parametrize(
    "query",
    [
        "patent",
        "PATENT",
        "Paten",
        "ｐａｔｅｎｔ",
        "royalty patent",
        "“patents”, royalty!",
        "feld",
        "Marcus Feld",
    ],
)
def test_search_finds_latin_words_by_prefix_in_any_case(query):
    make_article(
        "hit", title="Patents", body="On royalty rates.", authors=[make_author(name_en="Marcus Feld")]
    )
    make_article("miss", title="Standards", body="On committees.", authors=[make_author(name_en="Zhou Min")])
    assert search_slugs(query) == ["hit"]


@pytest.mark.parametrize("query", ["tents", "atent", "patent standards", "zzz"])
def test_search_finds_no_suffixes_and_needs_all_terms(query):
    make_article("a", title="Patents", body="On royalty rates.")
    assert search_slugs(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "专",
        "利",
        "专利",
        "权利要求",
        "权利要求书",
        "求书",
        "书",
        "FRAND",
        "frand 承诺",
        "2026年",
        "林雨青",
        "雨青",
    ],
)
def test_search_finds_chinese_words_of_any_length(query):
    make_article(
        "hit",
        language="zh-hans",
        title="专利",
        body="读权利要求书。\nFRAND承诺，2026年。",
        authors=[make_author(name_zh="林雨青")],
    )
    make_article(
        "miss", language="zh-hans", title="标准", body="谈会议。", authors=[make_author(name_zh="周敏")]
    )
    assert search_slugs(query, "zh-hans") == ["hit"]


@pytest.mark.parametrize("query", ["要权", "利书", "专书利"])
def test_search_finds_no_chinese_words_across_gaps(query):
    make_article("a", language="zh-hans", title="专利", body="读权利要求书。")
    assert search_slugs(query, "zh-hans") == []


def test_search_ranks_titles_first_then_the_newest():
    make_article("in-text", title="New", body="About pledges.")
    make_article(
        "in-title", title="Pledges", body="Text.", publish_at=make_article("x").publish_at.replace(year=2020)
    )
    assert search_slugs("pledge") == ["in-title", "in-text"]


def test_search_covers_the_published_text_only():
    article = make_article("a", body="Old words.")
    save_draft(article, body="New words.")
    assert (search_slugs("old"), search_slugs("new")) == (["a"], [])
    publish(article)
    assert (search_slugs("old"), search_slugs("new")) == ([], ["a"])


@pytest.mark.parametrize(
    "query", ["%", "_", "\\", "' OR 1=1 --", "a%", '"', "*", "( ) AND", "\x00", "\ud800", "🐯"]
)
def test_search_treats_special_characters_as_separators(query, stranger):
    make_article("abc", title="abc")
    assert search_slugs(query.replace("\ud800", "")) in ([], ["abc"] if query == "a%" else [])
    assert stranger.get("/search/", {"q": query.encode("utf-8", "surrogatepass")}).status_code == 200


def test_number_of_terms_is_limited():
    assert len(terms_of("字" * 1_000)) <= MAX_TERMS
    assert len(terms_of(" ".join(map(str, range(1_000))))) == MAX_TERMS


def test_index_text_contains_each_entry_once():
    assert index_text("专利 专利 Patent", "patent") == " 专利 利 patent "


def test_search_page_without_query_shows_the_form(stranger):
    response = stranger.get("/search/")
    assert response.status_code == 200
    assert 'name="q"' in response.content.decode()
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]


def test_search_page_shows_results_and_escapes_the_query(stranger):
    make_article("hit", title="Patents")
    response = stranger.get("/search/?q=%3Cb%3Epatent")
    page = response.content.decode()
    assert 'href="/articles/hit/"' not in page
    assert "&lt;b&gt;patent" in page
    assert "<b>patent" not in page
    assert 'href="/articles/hit/"' in stranger.get("/search/?q=patent").content.decode()


def test_search_results_are_paged_with_the_query(stranger):
    for n in range(12):
        make_article(f"a{n}", title="Patents")
    first = stranger.get("/search/?q=patent&x=1")
    assert first.context["total"] == 12
    assert 'href="/search/page/2/?q=patent"' in first.content.decode()
    assert len(stranger.get("/search/page/2/?q=patent").context["page_obj"]) == 2
    assert stranger.get("/search/page/1/?q=patent")["Location"] == "/search/?q=patent"
    assert stranger.get("/search/page/3/?q=patent").status_code == 404
    assert stranger.get("/search/page/0/?q=patent").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("x" * (MAX_QUERY + 1), "at most 100 characters"),
        ("?!", "no word to search for"),
        ("🐯", "no word to search for"),
    ],
)
def test_search_page_explains_an_invalid_query(query, words, stranger, django_assert_num_queries):
    response = stranger.get("/search/", {"q": query})
    assert response.status_code == 200
    assert words in response.content.decode()


def test_search_is_limited_to_the_language_of_the_page(stranger):
    make_article("english", title="FRAND")
    make_article("中文", title="FRAND", language="zh-hans")
    assert [article.slug for article in stranger.get("/zh-hans/search/?q=frand").context["page_obj"]] == [
        "中文"
    ]

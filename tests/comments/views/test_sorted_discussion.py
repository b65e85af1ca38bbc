"""The discussion in other orders and by language, which is rendered for each request."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from comments.discussion import sorting
from comments.discussion import threads as thread_queries
from comments.discussion.sorting import OrderBy, SortOrder
from comments.models import Comment
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.comments.discussion_pages import comment_ids, get_html, many_comments
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db

URL = "/articles/a-patent/discussion/"
ORDERS = [
    "?order=oldest",
    "?order=most-replies",
    "?language=en",
    "?language=en&order=oldest",
    "?language=en&order=most-replies",
]


def test_oldest_threads_come_first(article, stranger):
    comments = [make_comment(article) for _number in range(3)]
    assert comment_ids(get_html(stranger, f"{URL}?order=oldest")) == [comment.pk for comment in comments]


def test_threads_with_most_replies_come_first_then_the_newest(article, stranger):
    quiet, busy, answered, silent = (make_comment(article) for _number in range(4))
    below_busy = [make_comment(article, parent=busy) for _number in range(2)]
    make_comment(article, parent=quiet, state=State.PENDING)
    below_answered = make_comment(article, parent=answered)
    ids = comment_ids(get_html(stranger, f"{URL}?order=most-replies"))
    assert ids == [
        busy.pk,
        *(reply.pk for reply in below_busy),
        answered.pk,
        below_answered.pk,
        silent.pk,
        quiet.pk,
    ]


def test_language_of_a_thread_is_that_of_its_first_comment(article, stranger):
    english, chinese = make_comment(article), make_comment(article, body="专利法保护发明创造。")
    reply = make_comment(article, parent=chinese, body="Does it?")
    assert comment_ids(get_html(stranger, f"{URL}?language=zh-hans")) == [chinese.pk, reply.pk]
    assert comment_ids(get_html(stranger, f"{URL}?language=en")) == [english.pk]
    assert comment_ids(get_html(stranger, f"{URL}?language=zh-hans&order=most-replies")) == [
        chinese.pk,
        reply.pk,
    ]
    assert comment_ids(get_html(stranger, f"{URL}?language=en&order=most-replies")) == [english.pk]


def test_removed_thread_is_shown_only_with_replies(article, stranger, reader):
    replied_to = make_comment(article, state=State.VISIBLE)
    reply = make_comment(article, parent=replied_to)
    removed = make_comment(article, state=State.REMOVED)
    with public_write():
        Comment.objects.filter(pk=replied_to.pk).update(state=State.REMOVED, reason="author")
    for query in ORDERS:
        assert comment_ids(get_html(stranger, URL + query)) == [replied_to.pk, reply.pk], query
    assert removed.thread_no == 2


@pytest.mark.parametrize(
    "query", ["", "?order=newest", "?order=loudest", "?language=", "?language=fr&order=%00", "?page=2"]
)
def test_canonical_order_redirects_to_the_article(article, stranger, query):
    response = stranger.get(URL + query)
    assert (response.status_code, response["Location"]) == (302, "/articles/a-patent/#discussion")


@pytest.mark.parametrize("typed", ["0", "4", "-1", "x", "", "٣", "9" * 30])
def test_invalid_page_number_is_the_first_page(article, stranger, typed):
    threads = many_comments(article, 60)
    assert comment_ids(get_html(stranger, f"{URL}?order=oldest&page={typed}")) == [
        comment.pk for comment in threads[:50]
    ]


@pytest.mark.parametrize("order", ["oldest", "most-replies"])
def test_pages_together_have_each_thread_once(article, stranger, order):
    many_comments(article, 30, replies_each=2)
    many_comments(article, 90)
    pages = [get_html(stranger, f"{URL}?order={order}&page={number}") for number in (1, 2, 3)]
    threads = set(Comment.objects.filter(parent=None).values_list("pk", flat=True))
    ids_by_page = [[pk for pk in comment_ids(html) if pk in threads] for html in pages]
    assert [len(ids) for ids in ids_by_page] == [50, 50, 20]
    assert {pk for ids in ids_by_page for pk in ids} == threads
    assert [('rel="prev"' in html, 'rel="next"' in html) for html in pages] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert f'href="/articles/a-patent/discussion/?order={order}&amp;page=2" rel="next"' in pages[0]
    assert f'href="/articles/a-patent/discussion/?order={order}" rel="prev"' in pages[1]


def test_search_engines_and_caches_store_no_sorted_page(article, stranger):
    make_comment(article)
    response = stranger.get(f"{URL}?order=oldest")
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert not hasattr(response, "public_page")


def test_header_links_to_each_order_and_language(article, stranger):
    make_comment(article)
    assert "discussion-views" not in get_html(stranger, article.get_absolute_url())
    make_comment(article)
    for url in (article.get_absolute_url(), "/articles/a-patent/discussion/1/"):
        heading = get_html(stranger, url).split('class="discussion-views"')[1].split("</header>")[0]
        assert (
            '<a href="/articles/a-patent/#discussion" rel="nofollow" aria-current="true">Newest</a>'
            in heading
        )
        assert (
            '<a href="/articles/a-patent/discussion/?order=most-replies" rel="nofollow">Most replies</a>'
            in heading
        )
        assert (
            '<a href="/articles/a-patent/discussion/?language=zh-hans" rel="nofollow" lang="zh-hans">'
            in heading
        )
    heading = (
        get_html(stranger, f"{URL}?order=oldest&language=en")
        .split('class="discussion-views"')[1]
        .split("</header>")[0]
    )
    assert heading.count('aria-current="true"') == 2
    assert 'href="/articles/a-patent/discussion/?language=en" rel="nofollow">Newest</a>' in heading
    assert 'href="/articles/a-patent/discussion/?order=oldest" rel="nofollow">Both languages</a>' in heading


def test_sorted_page_has_the_users_held_comments(article, client_of, reader, stranger):
    make_comment(article)
    waiting = make_comment(article, author=reader, state=State.PENDING, body="It waits.")
    html = get_html(client_of(reader), f"{URL}?order=oldest")
    assert f'data-own="{waiting.pk}"' in html
    assert "It waits." not in get_html(stranger, f"{URL}?order=oldest")


def test_other_language_has_the_same_sorted_page(article, stranger):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    make_comment(article)
    html = get_html(stranger, f"{URL}?order=oldest")
    assert (
        'href="/zh-hans/articles/%E4%B8%93%E5%88%A9/discussion/?order=oldest" '
        'lang="zh-hans" hreflang="zh-hans"' in html
    )
    assert comment_ids(get_html(stranger, "/zh-hans/articles/专利/discussion/?order=oldest")) == comment_ids(
        html
    )


def test_language_without_comments_shows_a_message(article, stranger):
    make_comment(article)
    assert "There is none yet." in get_html(stranger, f"{URL}?language=zh-hans")


def test_post_is_not_allowed(article, stranger):
    assert stranger.post(f"{URL}?order=oldest").status_code == 405


@pytest.mark.parametrize("number", [1, 30, 200])
@pytest.mark.parametrize(
    ("query", "queries"), [("?order=oldest", 10), ("?order=most-replies", 13), ("?language=en", 10)]
)
def test_query_count_does_not_depend_on_the_number_of_comments(
    article, stranger, django_assert_num_queries, number, query, queries
):
    many_comments(article, number, replies_each=1)
    with django_assert_num_queries(
        queries if number < 50 or query != "?order=most-replies" else queries - 2
    ):  # none for threads without replies
        stranger.get(URL + query)


def test_unknown_article_is_404(stranger, db):
    assert stranger.get("/articles/nothing/discussion/?order=oldest").status_code == 404


# --- ten thousand comments ---


@pytest.fixture
def ten_thousand(article):
    """Half of them threads, one in Chinese, some replies held; two other articles have as many."""
    for discussed in (article, make_article(), make_article()):
        many_comments(discussed, 5000, replies_each=1)
    with public_write():
        Comment.objects.in_discussion_of(article).filter(thread_no=2500).update(language="zh-hans")
        Comment.objects.filter(parent__isnull=False, pk__endswith="7").update(state=State.PENDING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE comments_comment")
    return article


def queries_of(function: Callable[[], object]) -> list[tuple]:
    """The SQL and parameters of each query of `function`."""
    queries: list[tuple] = []

    def record(execute, sql, params, many, context):
        queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        function()
    return queries


def plans_of(function: Callable[[], object]) -> list[str]:
    """PostgreSQL's plan of each query of `function`."""
    plans = []
    with connection.cursor() as cursor:
        for sql, params in queries_of(function):
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join([sql, *(line for (line,) in cursor.fetchall())]))
    return plans


@pytest.mark.skipif(connection.vendor != "postgresql", reason="reads the plans of PostgreSQL")
def test_first_page_of_ten_thousand_comments_is_found_by_indexes(ten_thousand):
    renderer = thread_queries.CommentRenderer(ten_thousand)
    sort_orders = [
        SortOrder(language, order) for language in ("", "en", "zh-hans") for order in OrderBy.values
    ]
    for sort_order in sort_orders:
        plans = plans_of(partial(sorting.sorted_page, ten_thousand, sort_order, "1", renderer))
        assert len(plans) >= 3
        for plan in plans:
            assert "Seq Scan on comments_comment" not in plan, f"{sort_order}\n{plan}"
    for plan in plans_of(lambda: thread_queries.newest_threads(ten_thousand, renderer)):
        assert "Seq Scan on comments_comment" not in plan, plan


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads the plans of SQLite")
def test_first_page_is_found_by_the_index_of_its_discussion_despite_statistics(
    ten_thousand,
):
    """By its statistics SQLite expects only two comments with the same parent, or without one."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    renderer = thread_queries.CommentRenderer(ten_thousand)
    sql, params = queries_of(lambda: thread_queries.newest_threads(ten_thousand, renderer))[0]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        plan = [row[3] for row in cursor.fetchall()]
    assert plan[0].endswith("(discussion_id=? AND thread_no>?)"), plan
    assert plan[-1] != "USE TEMP B-TREE FOR ORDER BY", plan

"""The discussion in other orders and by language: views that are made for each request."""

import pytest
from django.db import connection

from comments.discussion import sorting
from comments.discussion import threads as thread_queries
from comments.discussion.sorting import OrderBy, SortOrder
from comments.models import Comment
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_comment

from .test_discussion import many_comments, page, shown

pytestmark = pytest.mark.django_db

VIEW = "/articles/a-patent/discussion/"
ORDERS = [
    "?order=oldest",
    "?order=most-replies",
    "?language=en",
    "?language=en&order=oldest",
    "?language=en&order=most-replies",
]


def test_the_oldest_come_first(article, stranger):
    comments = [make_comment(article) for _number in range(3)]
    assert shown(page(stranger, f"{VIEW}?order=oldest")) == [comment.pk for comment in comments]


def test_the_most_answered_come_first_then_the_newest(article, stranger):
    quiet, busy, answered, silent = (make_comment(article) for _number in range(4))
    below_busy = [make_comment(article, parent=busy) for _number in range(2)]
    make_comment(article, parent=quiet, state=State.PENDING)
    below_answered = make_comment(article, parent=answered)
    found = shown(page(stranger, f"{VIEW}?order=most-replies"))
    assert found == [
        busy.pk,
        *(reply.pk for reply in below_busy),
        answered.pk,
        below_answered.pk,
        silent.pk,
        quiet.pk,
    ]


def test_a_language_is_that_of_the_first_comment(article, stranger):
    english, chinese = make_comment(article), make_comment(article, body="专利法保护发明创造。")
    answer = make_comment(article, parent=chinese, body="Does it?")
    assert shown(page(stranger, f"{VIEW}?language=zh-hans")) == [chinese.pk, answer.pk]
    assert shown(page(stranger, f"{VIEW}?language=en")) == [english.pk]
    assert shown(page(stranger, f"{VIEW}?language=zh-hans&order=most-replies")) == [chinese.pk, answer.pk]
    assert shown(page(stranger, f"{VIEW}?language=en&order=most-replies")) == [english.pk]


def test_places_of_removed_threads_stay_and_removed_threads_go(article, stranger, reader):
    kept = make_comment(article, state=State.VISIBLE)
    reply = make_comment(article, parent=kept)
    gone = make_comment(article, state=State.REMOVED)
    with public_write():
        Comment.objects.filter(pk=kept.pk).update(state=State.REMOVED, reason="author")
    for query in ORDERS:
        assert shown(page(stranger, VIEW + query)) == [kept.pk, reply.pk], query
    assert gone.thread_no == 2


@pytest.mark.parametrize(
    "query", ["", "?order=newest", "?order=loudest", "?language=", "?language=fr&order=%00", "?page=2"]
)
def test_the_canonical_order_is_at_the_article(article, stranger, query):
    response = stranger.get(VIEW + query)
    assert (response.status_code, response["Location"]) == (302, "/articles/a-patent/#discussion")


@pytest.mark.parametrize("typed", ["0", "4", "-1", "x", "", "٣", "9" * 30])
def test_pages_that_are_none_are_the_first(article, stranger, typed):
    threads = many_comments(article, 60)
    assert shown(page(stranger, f"{VIEW}?order=oldest&page={typed}")) == [
        comment.pk for comment in threads[:50]
    ]


@pytest.mark.parametrize("order", ["oldest", "most-replies"])
def test_pages_go_on_where_the_last_one_ended(article, stranger, order):
    many_comments(article, 30, replies_each=2)
    many_comments(article, 90)
    pages = [page(stranger, f"{VIEW}?order={order}&page={number}") for number in (1, 2, 3)]
    threads = set(Comment.objects.filter(parent=None).values_list("pk", flat=True))
    found = [[pk for pk in shown(html) if pk in threads] for html in pages]
    assert [len(part) for part in found] == [50, 50, 20]
    assert {pk for part in found for pk in part} == threads
    assert [('rel="prev"' in html, 'rel="next"' in html) for html in pages] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert f'href="/articles/a-patent/discussion/?order={order}&amp;page=2" rel="next"' in pages[0]
    assert f'href="/articles/a-patent/discussion/?order={order}" rel="prev"' in pages[1]


def test_no_search_engine_keeps_them_and_no_cache(article, stranger):
    make_comment(article)
    response = stranger.get(f"{VIEW}?order=oldest")
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert not hasattr(response, "public_page")


def test_the_heading_leads_to_each_arrangement_without_a_form(article, stranger):
    make_comment(article)
    assert "discussion-views" not in page(stranger, article.get_absolute_url())
    make_comment(article)
    for url in (article.get_absolute_url(), "/articles/a-patent/discussion/1/"):
        heading = page(stranger, url).split('class="discussion-views"')[1].split("</header>")[0]
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
        page(stranger, f"{VIEW}?order=oldest&language=en")
        .split('class="discussion-views"')[1]
        .split("</header>")[0]
    )
    assert heading.count('aria-current="true"') == 2
    assert 'href="/articles/a-patent/discussion/?language=en" rel="nofollow">Newest</a>' in heading
    assert 'href="/articles/a-patent/discussion/?order=oldest" rel="nofollow">Both languages</a>' in heading


def test_an_own_comment_that_waits_is_there(article, client_of, reader, stranger):
    make_comment(article)
    waiting = make_comment(article, author=reader, state=State.PENDING, body="It waits.")
    html = page(client_of(reader), f"{VIEW}?order=oldest")
    assert f'data-own="{waiting.pk}"' in html
    assert "It waits." not in page(stranger, f"{VIEW}?order=oldest")


def test_the_other_language_has_the_same_view(article, stranger):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    make_comment(article)
    html = page(stranger, f"{VIEW}?order=oldest")
    assert (
        'href="/zh-hans/articles/%E4%B8%93%E5%88%A9/discussion/?order=oldest" lang="zh-hans" hreflang="zh-hans"'
        in html
    )
    assert shown(page(stranger, "/zh-hans/articles/专利/discussion/?order=oldest")) == shown(html)


def test_a_discussion_without_comments_in_that_language_says_so(article, stranger):
    make_comment(article)
    assert "There is none yet." in page(stranger, f"{VIEW}?language=zh-hans")


def test_only_reading_is_possible(article, stranger):
    assert stranger.post(f"{VIEW}?order=oldest").status_code == 405


@pytest.mark.parametrize("number", [1, 30, 200])
@pytest.mark.parametrize(
    ("query", "queries"), [("?order=oldest", 10), ("?order=most-replies", 13), ("?language=en", 10)]
)
def test_a_view_takes_as_many_queries_with_many_comments(
    article, stranger, django_assert_num_queries, number, query, queries
):
    many_comments(article, number, replies_each=1)
    with django_assert_num_queries(
        queries if number < 50 or query != "?order=most-replies" else queries - 2
    ):  # no unanswered to look for
        stranger.get(VIEW + query)


def test_an_unknown_article_has_no_views(stranger, db):
    assert stranger.get("/articles/nothing/discussion/?order=oldest").status_code == 404


# --- ten thousand comments ---


@pytest.fixture
def ten_thousand(article):
    """Half of them threads, one of which is Chinese, some replies not visible; and as many below each of two other articles."""
    for discussed in (article, make_article(), make_article()):
        many_comments(discussed, 5000, replies_each=1)
    with public_write():
        Comment.objects.in_discussion_of(article).filter(thread_no=2500).update(language="zh-hans")
        Comment.objects.filter(parent__isnull=False, pk__endswith="7").update(state=State.PENDING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE comments_comment")
    return article


def plans_of(work) -> list[str]:
    """How the database carries out each query of `work`."""
    asked: list[tuple] = []

    def note(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    plans = []
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join([sql, *(line for (line,) in cursor.fetchall())]))
    return plans


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL how it finds the rows")
def test_the_first_page_of_ten_thousand_comments_is_found_by_indexes(ten_thousand):
    markup = thread_queries.CommentRenderer(ten_thousand)
    works = {
        SortOrder(language, order): lambda now: sorting.sorted_page(ten_thousand, now, "1", markup)
        for language in ("", "en", "zh-hans")
        for order in OrderBy.values
    }
    for arrangement, work in works.items():
        plans = plans_of(lambda: work(arrangement))  # noqa: B023
        assert len(plans) >= 3
        for plan in plans:
            assert "Seq Scan on comments_comment" not in plan, f"{arrangement}\n{plan}"
    for plan in plans_of(lambda: thread_queries.newest_threads(ten_thousand, markup)):
        assert "Seq Scan on comments_comment" not in plan, plan


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite how it finds the rows")
def test_the_first_page_is_found_by_its_discussion_though_statistics_take_first_comments_for_rare(
    ten_thousand,
):
    """With a statistic of ten thousand comments SQLite expects two of them to have the same parent, or to have none."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    markup = thread_queries.CommentRenderer(ten_thousand)
    asked: list[tuple] = []

    def note(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        thread_queries.newest_threads(ten_thousand, markup)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])
        plan = [row[3] for row in cursor.fetchall()]
    assert plan[0].endswith("(discussion_id=? AND thread_no>?)"), plan
    assert plan[-1] != "USE TEMP B-TREE FOR ORDER BY", plan

"""Makes a site of any size to be measured: articles in both languages over ten years, their authors, topics, readers and discussions.

The rows are what the verbs of `articles` and `comments` would have made of the same texts, written in batches: each batch is one `change()`
that touches everything, so that the page store forgets what it kept of the site before.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import formats, timezone, translation

from accounts.models import User
from articles.models import Article, ArticleTopic, Author, Byline, Draft, Publication, Status, Topic
from articles.search import index_text
from articles.search_index import index_suspended
from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.core.languages import Language
from ictiger.pagecache.public_write import public_write

from .bulk_load import bulk_load, next_key, number_on
from .readers import UNUSABLE_PASSWORD
from .texts import Remark, Text, remarks, texts

YEARS = 10
BATCH = 1_000  # articles in one transaction
COMMENTS_AT_ONCE = 5_000
CACHE = 512 << 20  # bytes, of SQLite
CHECKPOINT = 32_768  # pages of SQLite's log before it is put into the database
TOPICS = 8
REPLIES_TO_A_THREAD = 3
LONG_DISCUSSION = 10_000  # comments under one article of a site that has that many to spare
MEASURED = (
    "measured"  # the slug of the article that has MEASURED_THREADS threads of one comment and three replies
)
MEASURED_THREADS = 50

ARTICLE_COLUMNS = [
    "id", "language", "translation_key", "title", "slug", "summary", "body", "body_html", "contents", "words", "reading_minutes",
    "search_text", "publish_at",
]  # fmt: skip
COMMENT_COLUMNS = [
    "id", "discussion_id", "article_id", "author_id", "parent_id", "replied_to_id", "thread_no", "body", "body_html", "words", "fingerprint",
    "language", "submission", "created_at", "created_en", "created_zh", "first_visible_at",
]  # fmt: skip

Progress = Callable[[int, int], None]


class SiteBuilder:
    """Every figure follows from the numbers and the seed alone: two sites of one size have the same texts."""

    def __init__(self, articles: int, comments: int, progress: Progress, seed: int = 1) -> None:
        self.articles, self.comments, self.progress = articles, comments, progress
        self.total, self.done = articles + comments, 0
        self.chance = random.Random(seed)
        self.now = timezone.now().replace(minute=0, second=0, microsecond=0)

    def make(self) -> None:
        """Write the whole site. To be called on a database that is migrated and has no publication."""
        with fast_sqlite():
            self._make()

    def _make(self) -> None:
        self.texts = {language: texts(language, self.chance) for language in Language.values}
        self.remarks = [remark for language in Language.values for remark in remarks(language, self.chance)]
        self._make_frame()
        self.readers = self._make_readers()
        with index_suspended(connection):
            for start in range(0, self.articles, BATCH):
                self._make_articles(range(start, min(start + BATCH, self.articles)))
        self._make_discussions()
        _refresh_statistics()

    def _tell(self, made: int) -> None:
        self.done += made
        self.progress(min(self.done, self.total), self.total)

    # --- what is there once ----------------------------------------------------------------------------------------------------------

    def _make_frame(self) -> None:
        with public_write() as write:
            write.touch_everything()
            Publication.objects.bulk_create(
                Publication(language=language, tagline="Bench") for language in Language.values
            )
            topics = [
                Topic(slug=f"topic-{n}", name_en=f"Topic {n}", name_zh=f"话题{n}", position=n)
                for n in range(TOPICS)
            ]
            authors = [
                Author(slug=f"author-{n}", name_en=f"Author {n}", name_zh=f"作者{n}")
                for n in range(max(10, self.articles // 500))
            ]
            self.topics = [topic.pk for topic in Topic.objects.bulk_create(topics)]
            self.authors = [author.pk for author in Author.objects.bulk_create(authors)]

    def _make_readers(self) -> list[int]:
        """Verified readers, a hundred comments each. Nobody knows their password, for there is none."""
        number = max(10, self.comments // 100)
        users = [
            User(email=f"reader-{n}@bench.example", password=UNUSABLE_PASSWORD, display_name=f"Reader {n}")
            for n in range(number)
        ]
        User.objects.bulk_create(users)
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        return [user.pk for user in users]

    # --- articles --------------------------------------------------------------------------------------------------------------------

    def _make_articles(self, numbers: range) -> None:
        first, first_link, first_line = next_key(Article), next_key(ArticleTopic), next_key(Byline)
        made = [
            (first + n, number, self._text_of(number), self._slug_of(number))
            for n, number in enumerate(numbers)
        ]
        links = [
            (pk, topic) for pk, number, _text, _slug in made for topic in self._some(self.topics, number)
        ]
        lines = [
            (pk, line)
            for pk, number, _text, _slug in made
            for line in enumerate(self._some(self.authors, number))
        ]
        with public_write() as write:
            write.touch_everything()
            bulk_load(
                Article, ARTICLE_COLUMNS, (self._article(*each) for each in made), status=Status.PUBLISHED
            )
            drafts = (
                (pk, pk, _title(text, number), slug, text.summary, text.body)
                for pk, number, text, slug in made
            )
            bulk_load(
                Draft, ["id", "article_id", "title", "slug", "summary", "body"], drafts, updated_at=self.now
            )
            bulk_load(
                ArticleTopic,
                ["id", "article_id", "topic_id"],
                ((first_link + n, *link) for n, link in enumerate(links)),
            )
            bulk_load(
                Byline,
                ["id", "article_id", "author_id", "position"],
                ((first_line + n, pk, author, position) for n, (pk, (position, author)) in enumerate(lines)),
            )
            number_on(Article, Draft, ArticleTopic, Byline)
        self._tell(len(made))

    def _article(self, pk: int, number: int, text: Text, slug: str) -> tuple:
        """In the order of ARTICLE_COLUMNS."""
        return (
            pk,
            _language_of(number),
            _key_of(number),
            _title(text, number),
            slug,
            text.summary,
            text.body,
            text.body_html,
            text.contents,
            text.words,
            text.reading_minutes,
            f" {index_text(str(number)).strip()}{text.search_text}",
            self._date_of(number),
        )

    # Counted from the newest pair, which is the one that is measured: the newest articles are the same on sites of any size.

    def _back(self, number: int) -> int:
        return (self.articles - 1) // 2 - number // 2

    def _text_of(self, number: int) -> Text:
        found = self.texts[_language_of(number)]
        return found[(self._back(number) + len(found) // 2) % len(found)]

    def _slug_of(self, number: int) -> str:
        return MEASURED if self._back(number) == 0 else f"article-{number}"

    def _some(self, keys: list[int], number: int) -> list[int]:
        """One or two of the topics or authors, the same for both languages."""
        chance = random.Random(self._back(number))
        return chance.sample(keys, chance.randint(1, 2))

    def _date_of(self, number: int) -> datetime:
        age = timedelta(days=365 * YEARS) * (1 - number / self.articles)
        return self.now - timedelta(days=1) - age

    # --- discussions -----------------------------------------------------------------------------------------------------------------

    def _make_discussions(self) -> None:
        """Threads first, since replies need their keys; a batch at a time, so that memory does not grow with the site."""
        batch: list[tuple[int, int]] = []
        for number, size in self._sizes():
            batch.append((number, size))
            if sum(size for _number, size in batch) >= COMMENTS_AT_ONCE:
                self._make_comments(batch)
                batch = []
        if batch:
            self._make_comments(batch)

    def _sizes(self) -> Iterator[tuple[int, int]]:
        """(number of the English article, comments below it): most have few, some many, in all as many as were asked for."""
        left = self.comments
        special = {(self.articles - 1) // 2 * 2: MEASURED_THREADS * (1 + REPLIES_TO_A_THREAD)}
        if left > 5 * LONG_DISCUSSION:
            special[0] = LONG_DISCUSSION
        for number, size in special.items():
            if left >= size:
                left -= size
                yield number, size
        others = [number for number in range(0, self.articles, 2) if number not in special]
        for n, number in enumerate(others):
            share = left / (len(others) - n)
            size = (
                left
                if n == len(others) - 1
                else min(left, round(self.chance.expovariate(1 / share)) if share else 0)
            )
            left -= size
            if size:
                yield number, size

    def _make_comments(self, sizes: list[tuple[int, int]]) -> None:
        keys = [_key_of(number) for number, _size in sizes]
        versions: dict[UUID, list[int]] = {}
        for key, pk in (
            Article.objects.filter(translation_key__in=keys)
            .order_by("pk")
            .values_list("translation_key", "pk")
        ):
            versions.setdefault(key, []).append(pk)
        rows, discussions = [], []
        next_one = next_key(Comment)
        for number, size in sizes:
            threads = -(-size // (1 + REPLIES_TO_A_THREAD))
            rows += self._discussion(number, size, threads, versions[_key_of(number)], next_one + len(rows))
            discussions.append((_key_of(number), threads, size))
        with public_write() as write:
            write.touch_everything()
            bulk_load(Discussion, ["key", "threads", "comments"], discussions)
            bulk_load(Comment, COMMENT_COLUMNS, rows, state=State.VISIBLE, approved=True)
            number_on(Comment)
        self._tell(len(rows))

    def _discussion(
        self, number: int, size: int, threads: int, articles: list[int], first: int
    ) -> Iterator[tuple]:
        """Its rows, in the order of COMMENT_COLUMNS: the threads from the oldest on, then the replies, one to each in turn."""
        chance = random.Random(size) if self._back(number) == 0 else self.chance
        key, day = _key_of(number), self._date_of(number).replace(hour=0, minute=0, second=0, microsecond=0)
        moments = sorted(day + timedelta(days=1, hours=chance.randint(1, 9)) for _ in range(threads))
        places = [chance.choice(articles) for _ in range(threads)]
        for n in range(size):
            thread = n % threads
            of_thread = (None, None, thread + 1) if n < threads else (first + thread, first + thread, None)
            moment = moments[thread] if n < threads else moments[thread] + timedelta(hours=1)
            yield self._comment(chance, first + n, key, places[thread], of_thread, moment)

    def _comment(
        self, chance: random.Random, pk: int, key: UUID, article: int, of_thread: tuple, moment: datetime
    ) -> tuple:
        remark: Remark = chance.choice(self.remarks)
        return (
            pk,
            key,
            article,
            self.chance.choice(self.readers),
            *of_thread,
            remark.body,
            remark.body_html,
            remark.words,
            remark.fingerprint,
            remark.language,
            UUID(int=self.chance.getrandbits(128)),
            moment,
            _in_words(moment, Language.EN),
            _in_words(moment, Language.ZH_HANS),
            moment,
        )


def _key_of(number: int) -> UUID:
    return UUID(int=number // 2 + 1)


def _language_of(number: int) -> Language:
    """Even numbers are English, the next one is its translation."""
    return Language.ZH_HANS if number % 2 else Language.EN


def _title(text: Text, number: int) -> str:
    return f"{text.title} {number}"


@lru_cache(100_000)
def _in_words(moment: datetime, language: str) -> str:
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


@contextmanager
def fast_sqlite() -> Iterator[None]:
    """Indexes are written all over: with the two megabytes that SQLite has by itself, each page of them would be written many times.

    And nothing is waited for until all is written: who loses power while a site is made makes it again.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA cache_size = -{CACHE // 1024}")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    try:
        yield
    finally:
        connection.close()  # the next one has the settings of all others
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refresh_statistics() -> None:
    """The database plans by them; by itself it would not have looked at the new rows yet."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

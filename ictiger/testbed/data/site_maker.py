"""Makes a site of any size for benchmarks: ten years of articles in both languages, with authors, topics,
readers and discussions.

The rows are what the services of `articles` and `comments` would have made of the same texts. Each batch is
one `public_write()` that touches everything, so that the page store drops the pages of the site before.
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
from articles.markdown import RENDERER_VERSION
from articles.models import Article, ArticleTopic, Author, Byline, Draft, Publication, Status, Topic
from articles.search import index_text
from articles.search_index import index_suspended
from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.core.languages import Language
from ictiger.pagecache.public_write import public_write

from .bulk_load import bulk_load, next_key, reset_sequences
from .readers import UNUSABLE_PASSWORD
from .texts import Remark, Text, remarks, texts

YEARS = 10
BATCH = 1_000  # articles per transaction
COMMENTS_PER_BATCH = 5_000
CACHE_SIZE = 512 << 20  # bytes of SQLite's page cache
CHECKPOINT = 32_768  # pages of SQLite's WAL before a checkpoint
TOPICS = 8
REPLIES_TO_A_THREAD = 3
LONG_DISCUSSION = 10_000  # comments under one article, on a site with more than five times as many
MEASURED = "measured"  # slug of the article with MEASURED_THREADS threads of one comment and three replies
MEASURED_THREADS = 50

ARTICLE_COLUMNS = [
    "id", "language", "translation_key", "title", "slug", "summary", "body", "body_html", "contents",
    "words", "reading_minutes", "search_text", "publish_at",
]  # fmt: skip
COMMENT_COLUMNS = [
    "id", "discussion_id", "article_id", "author_id", "parent_id", "replied_to_id", "thread_no", "body",
    "body_html", "words", "fingerprint", "language", "submission", "created_at", "created_en", "created_zh",
    "first_visible_at",
]  # fmt: skip

Progress = Callable[[int, int], None]


class SiteBuilder:
    """Builds a site that depends on size and seed only: two sites of one size have the same texts."""

    def __init__(self, articles: int, comments: int, progress: Progress, seed: int = 1) -> None:
        self.articles, self.comments, self.progress = articles, comments, progress
        self.total, self.done = articles + comments, 0
        self.chance = random.Random(seed)
        self.now = timezone.now().replace(minute=0, second=0, microsecond=0)

    def build(self) -> None:
        """Write the whole site to a database that is migrated and has no publication."""
        with fast_sqlite():
            self._build()

    def _build(self) -> None:
        self.texts = {language: texts(language, self.chance) for language in Language.values}
        self.remarks = [remark for language in Language.values for remark in remarks(language, self.chance)]
        self._make_topics_and_authors()
        self.readers = self._make_readers()
        with index_suspended(connection):
            for start in range(0, self.articles, BATCH):
                self._make_articles(range(start, min(start + BATCH, self.articles)))
        self._make_discussions()
        _refresh_statistics()

    def _advance(self, count: int) -> None:
        self.done += count
        self.progress(min(self.done, self.total), self.total)

    def _make_topics_and_authors(self) -> None:
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
        """Make verified readers without a password, one for every hundred comments."""
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

    def _load_drafts(self, numbered: list[tuple]) -> None:
        """Each article's draft, with the same text and key."""
        drafts = (
            (pk, pk, _title(text, number), slug, text.summary, text.body)
            for pk, number, text, slug in numbered
        )
        columns = ["id", "article_id", "title", "slug", "summary", "body"]
        bulk_load(Draft, columns, drafts, updated_at=self.now)

    def _make_articles(self, numbers: range) -> None:
        first, first_link, first_byline = next_key(Article), next_key(ArticleTopic), next_key(Byline)
        numbered = [
            (first + n, number, self._text_of(number), self._slug_of(number))
            for n, number in enumerate(numbers)
        ]
        links = [
            (pk, topic)
            for pk, number, _text, _slug in numbered
            for topic in self._sample(self.topics, number)
        ]
        bylines = [
            (pk, byline)
            for pk, number, _text, _slug in numbered
            for byline in enumerate(self._sample(self.authors, number))
        ]
        with public_write() as write:
            write.touch_everything()
            bulk_load(
                Article,
                ARTICLE_COLUMNS,
                (self._article(*each) for each in numbered),
                status=Status.PUBLISHED,
                renderer_version=RENDERER_VERSION,
            )
            self._load_drafts(numbered)
            bulk_load(
                ArticleTopic,
                ["id", "article_id", "topic_id"],
                ((first_link + n, *link) for n, link in enumerate(links)),
            )
            bulk_load(
                Byline,
                ["id", "article_id", "author_id", "position"],
                (
                    (first_byline + n, pk, author, position)
                    for n, (pk, (position, author)) in enumerate(bylines)
                ),
            )
            reset_sequences(Article, Draft, ArticleTopic, Byline)
        self._advance(len(numbered))

    def _article(self, pk: int, number: int, text: Text, slug: str) -> tuple:
        """Return the values of ARTICLE_COLUMNS."""
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

    def _age(self, number: int) -> int:
        """Return the position from the newest pair of translations, so that sites of any size have the same
        newest articles.
        """
        return (self.articles - 1) // 2 - number // 2

    def _text_of(self, number: int) -> Text:
        texts_ = self.texts[_language_of(number)]
        return texts_[(self._age(number) + len(texts_) // 2) % len(texts_)]

    def _slug_of(self, number: int) -> str:
        return MEASURED if self._age(number) == 0 else f"article-{number}"

    def _sample(self, keys: list[int], number: int) -> list[int]:
        """Return one or two of the topics or authors, the same for both languages."""
        chance = random.Random(self._age(number))
        return chance.sample(keys, chance.randint(1, 2))

    def _date_of(self, number: int) -> datetime:
        age = timedelta(days=365 * YEARS) * (1 - number / self.articles)
        return self.now - timedelta(days=1) - age

    def _make_discussions(self) -> None:
        """Make all discussions, in batches, so that memory does not grow with the site."""
        batch: list[tuple[int, int]] = []
        for number, size in self._sizes():
            batch.append((number, size))
            if sum(size for _number, size in batch) >= COMMENTS_PER_BATCH:
                self._make_comments(batch)
                batch = []
        if batch:
            self._make_comments(batch)

    def _sizes(self) -> Iterator[tuple[int, int]]:
        """Yield (number of the English article, its comments): most have few, some many, in all
        `self.comments`.
        """
        remaining = self.comments
        special = {(self.articles - 1) // 2 * 2: MEASURED_THREADS * (1 + REPLIES_TO_A_THREAD)}
        if remaining > 5 * LONG_DISCUSSION:
            special[0] = LONG_DISCUSSION
        for number, size in special.items():
            if remaining >= size:
                remaining -= size
                yield number, size
        others = [number for number in range(0, self.articles, 2) if number not in special]
        for n, number in enumerate(others):
            share = remaining / (len(others) - n)
            size = (
                remaining
                if n == len(others) - 1
                else min(remaining, round(self.chance.expovariate(1 / share)) if share else 0)
            )
            remaining -= size
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
        first = next_key(Comment)
        for number, size in sizes:
            threads = -(-size // (1 + REPLIES_TO_A_THREAD))
            rows += self._discussion(number, size, threads, versions[_key_of(number)], first + len(rows))
            discussions.append((_key_of(number), threads, size))
        with public_write() as write:
            write.touch_everything()
            bulk_load(Discussion, ["key", "threads", "comments"], discussions)
            bulk_load(Comment, COMMENT_COLUMNS, rows, state=State.VISIBLE, approved=True)
            reset_sequences(Comment)
        self._advance(len(rows))

    def _discussion(
        self, number: int, size: int, threads: int, articles: list[int], first: int
    ) -> Iterator[tuple]:
        """Yield the rows of a discussion: the threads from the oldest on, then the replies, one to each
        thread in turn.

        Threads come first since replies need their keys.
        """
        chance = random.Random(size) if self._age(number) == 0 else self.chance
        key, day = _key_of(number), self._date_of(number).replace(hour=0, minute=0, second=0, microsecond=0)
        thread_times = sorted(day + timedelta(days=1, hours=chance.randint(1, 9)) for _ in range(threads))
        thread_articles = [chance.choice(articles) for _ in range(threads)]
        for n in range(size):
            thread = n % threads
            thread_columns = (
                (None, None, thread + 1) if n < threads else (first + thread, first + thread, None)
            )
            moment = thread_times[thread] if n < threads else thread_times[thread] + timedelta(hours=1)
            yield self._comment(chance, first + n, key, thread_articles[thread], thread_columns, moment)

    def _comment(
        self, chance: random.Random, pk: int, key: UUID, article: int, thread_columns: tuple, moment: datetime
    ) -> tuple:
        remark: Remark = chance.choice(self.remarks)
        return (
            pk,
            key,
            article,
            self.chance.choice(self.readers),
            *thread_columns,
            remark.body,
            remark.body_html,
            remark.words,
            remark.fingerprint,
            remark.language,
            UUID(int=self.chance.getrandbits(128)),
            moment,
            _formatted(moment, Language.EN),
            _formatted(moment, Language.ZH_HANS),
            moment,
        )


def _key_of(number: int) -> UUID:
    return UUID(int=number // 2 + 1)


def _language_of(number: int) -> Language:
    """Even numbers are English, the following odd ones their translations."""
    return Language.ZH_HANS if number % 2 else Language.EN


def _title(text: Text, number: int) -> str:
    return f"{text.title} {number}"


@lru_cache(100_000)
def _formatted(moment: datetime, language: str) -> str:
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


@contextmanager
def fast_sqlite() -> Iterator[None]:
    """Give SQLite a large cache, and do not sync until the block ends.

    With the default cache of 2 MB, each page of the indexes would be written many times. After a power cut
    the site has to be made again.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA cache_size = -{CACHE_SIZE // 1024}")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    try:
        yield
    finally:
        connection.close()  # new connections have the default settings
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refresh_statistics() -> None:
    """Update the planner's statistics, which do not have the new rows yet."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

"""Makes a site of any size to be measured: articles in both languages over ten years, their authors, topics, readers and discussions.

The rows are what the verbs of `articles` and `comments` would have made of the same texts, written in batches: each batch is one `change()`
that touches everything, so that the page store forgets what it kept of the site before.
"""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import formats, timezone, translation

from accounts.models import User
from articles.models import Article, ArticleTopic, Author, Byline, Draft, Publication, Status, Topic
from articles.search import index_text
from articles.search_index import suspended
from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.delivery.change import change
from ictiger.languages import Language

from .readers import NO_PASSWORD
from .texts import Remark, Text, remarks, texts

YEARS = 10
BATCH = 1_000  # articles in one transaction
COMMENTS_AT_ONCE = 5_000
CACHE = 256 << 20  # bytes, of SQLite
TOPICS = 8
REPLIES_TO_A_THREAD = 3
LONG_DISCUSSION = 10_000  # comments under one article of a site that has that many to spare
MEASURED = "measured"  # the slug of the article that has MEASURED_THREADS threads of one comment and three replies
MEASURED_THREADS = 50

Progress = Callable[[int, int], None]


class SiteMaker:
    """Every figure follows from the numbers and the seed alone: two sites of one size have the same texts."""

    def __init__(self, articles: int, comments: int, progress: Progress, seed: int = 1) -> None:
        self.articles, self.comments, self.progress = articles, comments, progress
        self.total, self.done = articles + comments, 0
        self.chance = random.Random(seed)  # noqa: S311 (no secret)
        self.now = timezone.now().replace(minute=0, second=0, microsecond=0)

    def make(self) -> None:
        """Write the whole site. To be called on a database that is migrated and has no publication."""
        _give_room()
        self.texts = {language: texts(language, self.chance) for language in Language.values}
        self.remarks = [remark for language in Language.values for remark in remarks(language, self.chance)]
        self._make_frame()
        self.readers = self._make_readers()
        with suspended(connection):
            for start in range(0, self.articles, BATCH):
                self._make_articles(range(start, min(start + BATCH, self.articles)))
        self._make_discussions()
        _refresh_statistics()

    def _tell(self, made: int) -> None:
        self.done += made
        self.progress(min(self.done, self.total), self.total)

    # --- what is there once ----------------------------------------------------------------------------------------------------------

    def _make_frame(self) -> None:
        with change() as this:
            this.touch_everything()
            Publication.objects.bulk_create(Publication(language=language, tagline="Bench") for language in Language.values)
            self.topics = Topic.objects.bulk_create(
                Topic(slug=f"topic-{n}", name_en=f"Topic {n}", name_zh=f"话题{n}", position=n) for n in range(TOPICS)
            )
            self.authors = Author.objects.bulk_create(
                Author(slug=f"author-{n}", name_en=f"Author {n}", name_zh=f"作者{n}") for n in range(max(10, self.articles // 500))
            )

    def _make_readers(self) -> list[int]:
        """Verified readers, a hundred comments each. Nobody knows their password, for there is none."""
        number = max(10, self.comments // 100)
        users = [User(email=f"reader-{n}@bench.example", password=NO_PASSWORD, display_name=f"Reader {n}") for n in range(number)]
        User.objects.bulk_create(users)
        EmailAddress.objects.bulk_create(EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users)
        return [user.pk for user in users]

    # --- articles --------------------------------------------------------------------------------------------------------------------

    def _make_articles(self, numbers: range) -> None:
        made = [self._article(number) for number in numbers]
        with change() as this:
            this.touch_everything()
            Discussion.objects.bulk_create(Discussion(key=_key_of(number)) for number in numbers if number % 2 == 0)
            Article.objects.bulk_create(made, batch_size=100)
            Draft.objects.bulk_create(
                (Draft(article=a, title=a.title, slug=a.slug, summary=a.summary, body=a.body) for a in made), batch_size=100
            )
            ArticleTopic.objects.bulk_create(
                ArticleTopic(article=article, topic=topic)
                for article in made
                for topic in self.chance.sample(self.topics, self.chance.randint(1, 2))
            )
            Byline.objects.bulk_create(
                Byline(article=article, author=author, position=position)
                for article in made
                for position, author in enumerate(self.chance.sample(self.authors, self.chance.randint(1, 2)))
            )
        self._tell(len(made))

    def _article(self, number: int) -> Article:
        """Even numbers are English, the next one is its translation. The newest pair is the one that is measured."""
        language = Language.ZH_HANS if number % 2 else Language.EN
        text: Text = self.texts[language][number // 2 % len(self.texts[language])]
        title = f"{text.title} {number}"
        return Article(
            language=language,
            translation_key=_key_of(number),
            title=title,
            slug=MEASURED if self._is_measured(number) else f"article-{number}",
            summary=text.summary,
            body=text.body,
            body_html=text.body_html,
            contents=text.contents,
            words=text.words,
            reading_minutes=text.reading_minutes,
            search_text=f" {index_text(str(number)).strip()}{text.search_text}",
            status=Status.PUBLISHED,
            publish_at=self._date_of(number),
        )

    def _is_measured(self, number: int) -> bool:
        return number // 2 == (self.articles - 1) // 2

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
            size = left if n == len(others) - 1 else min(left, round(self.chance.expovariate(1 / share)) if share else 0)
            left -= size
            if size:
                yield number, size

    def _make_comments(self, sizes: list[tuple[int, int]]) -> None:
        keys = [_key_of(number) for number, _size in sizes]
        versions: dict[UUID, list[int]] = {}
        for key, pk in Article.objects.filter(translation_key__in=keys).order_by("pk").values_list("translation_key", "pk"):
            versions.setdefault(key, []).append(pk)
        threads, replies, discussions = [], [], []
        for number, size in sizes:
            first = self._threads_of(number, size, versions)
            threads += first
            replies.append((first, size - len(first)))
            discussions.append(Discussion(key=_key_of(number), threads=len(first), comments=size))
        with change() as this:
            this.touch_everything()
            Comment.objects.bulk_create(threads, batch_size=COMMENTS_AT_ONCE)
            Comment.objects.bulk_create(
                (self._reply_to(first[n % len(first)]) for first, number in replies for n in range(number)), batch_size=COMMENTS_AT_ONCE
            )
            Discussion.objects.bulk_update(discussions, ["threads", "comments"])
        self._tell(sum(size for _number, size in sizes))

    def _threads_of(self, number: int, size: int, versions: dict[UUID, list[int]]) -> list[Comment]:
        start = self._date_of(number).replace(minute=0, second=0, microsecond=0)
        key = _key_of(number)
        number_of_threads = -(-size // (1 + REPLIES_TO_A_THREAD))
        moments = sorted(start + timedelta(hours=self.chance.randint(1, 20)) for _ in range(number_of_threads))
        return [
            self._comment(key, self.chance.choice(versions[key]), moment, thread_no=thread_no)
            for thread_no, moment in enumerate(moments, start=1)
        ]

    def _reply_to(self, thread: Comment) -> Comment:
        moment = thread.created_at + timedelta(hours=1)
        return self._comment(thread.discussion_id, thread.article_id, moment, parent=thread, answers=thread)

    def _comment(self, key: UUID, article: int, moment: datetime, **fields: object) -> Comment:
        remark: Remark = self.chance.choice(self.remarks)
        return Comment(
            discussion_id=key,
            article_id=article,
            author_id=self.chance.choice(self.readers),
            body=remark.body,
            body_html=remark.body_html,
            words=remark.words,
            language=remark.language,
            state=State.VISIBLE,
            approved=True,
            created_at=moment,
            created_en=_in_words(moment, Language.EN),
            created_zh=_in_words(moment, Language.ZH_HANS),
            shown_at=moment,
            **fields,
        )


def _key_of(number: int) -> UUID:
    return UUID(int=number // 2 + 1)


@lru_cache(100_000)
def _in_words(moment: datetime, language: str) -> str:
    with translation.override(language):
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _give_room() -> None:
    """Indexes are written all over: with the two megabytes that SQLite has by itself, each page of them would be written many times."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{CACHE // 1024}")


def _refresh_statistics() -> None:
    """The database plans by them; by itself it would not have looked at the new rows yet."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

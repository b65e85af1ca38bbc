"""The publication of a drill: each object that changes shows a number and its version wherever readers see
it.

ExpectedVersions holds in shared memory which versions readers must see. It has no locks, since the process
that holds one may be killed.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from multiprocessing.sharedctypes import RawArray

from django.utils import timezone

from accounts.models import User
from articles.models import Article, Publication, Topic
from articles.services import create_article, publish, save_draft, set_options
from comments import services
from comments.models import Comment
from comments.policy import ModerationAction, State
from ictiger.pagecache.public_write import public_write

STAMP = re.compile(r"stamp(\d+)v(\d+)x|/articles/moving-(\d+)-(\d+)/")
BODY = "## First\n\nA paragraph about patents.\n\n## Second\n\nAnother about standards."
ACCOUNTS = 6  # of each writer


class SubjectKind(StrEnum):
    COMMENT = "comments"
    EDIT = "edits of comments"
    TITLE = "edits of articles"
    PUBLISH = "new articles"
    SLUG = "slug changes"
    SITE = "site-wide settings"
    APPEAR = "schedules of publishing"
    EXPIRE = "schedules of expiry"
    CLOSE = "schedules of closing"


SCHEDULES = (SubjectKind.APPEAR, SubjectKind.EXPIRE, SubjectKind.CLOSE)
ADDS = (SubjectKind.COMMENT, SubjectKind.PUBLISH)  # older versions stay beside the newest


@dataclass
class TrackedObject:
    """An object that one writer changes again and again. Its newest version shows on each of `pages`."""

    number: int
    kind: SubjectKind
    writer: int
    pk: int
    pages: list[str]
    lists: list[str] = field(default_factory=list)  # pages that list a scheduled article while it is public

    def stamp(self, version: int) -> str:
        return f"stamp{self.number}v{version}x"

    def committed_version(self) -> int:
        """Return the version in the database."""
        text = {
            SubjectKind.COMMENT: lambda: (
                Comment.objects.visible()
                .filter(article=self.pk)
                .order_by("-pk")
                .values_list("body", flat=True)
                .first()
            ),
            SubjectKind.EDIT: lambda: Comment.objects.get(pk=self.pk).body,
            SubjectKind.TITLE: lambda: Article.objects.get(pk=self.pk).title,
            SubjectKind.PUBLISH: lambda: (
                Article.objects.public()
                .filter(topics=self.pk)
                .order_by("-pk")
                .values_list("title", flat=True)
                .first()
            ),
            SubjectKind.SLUG: lambda: f"/articles/{Article.objects.get(pk=self.pk).slug}/",
            SubjectKind.SITE: lambda: Publication.objects.get(pk=self.pk).name,
        }[self.kind]()
        return max(versions_in(text or "").get(self.number, [0]))


def versions_in(text: str) -> dict[int, list[int]]:
    """Return all versions that a page shows, by the object's number."""
    versions: dict[int, list[int]] = {}
    for stamped, version, moved, moved_version in STAMP.findall(text):
        versions.setdefault(int(stamped or moved), []).append(int(version or moved_version))
    return versions


class ExpectedVersions:
    """Versions that were begun and that were completed, and when each schedule takes effect."""

    def __init__(self, subjects: list[TrackedObject], writers: int) -> None:
        self.begun = RawArray("Q", len(subjects))
        self.versions = RawArray("Q", len(subjects))  # completed: readers must see these or later ones
        self.latest = RawArray("Q", len(subjects))  # the key of the newest comment, for its permalink
        # Of a schedule; odd while it is written, and after a write that was cut off.
        self.turn = RawArray("Q", len(subjects))
        self.moment = RawArray("d", len(subjects))  # seconds since 1970 at which a schedule takes effect
        self.doomed = RawArray("b", writers)  # 1 for a writer that is to die between COMMIT and purge


class SubjectFactory:
    """Makes the publication and the list of its tracked objects."""

    def __init__(self, writers: int) -> None:
        self.writers = writers
        self.subjects: list[TrackedObject] = []
        self.moderator = User.objects.create_user("moderator@drill.example", None)
        self.published = timezone.now() - timedelta(days=2)

    def make(self) -> list[TrackedObject]:
        self.make_accounts_trusted()
        english, chinese = self.publication("en"), self.publication("zh-hans")
        self.news = self.topic("news")
        article = self.article(
            "news-0", self.news, at=timezone.now()
        )  # the newest, so that it leads the lists
        pages = [
            "/",
            "/feed/",
            "/topics/news/",
            "/topics/news/feed/",
            f"/archive/{timezone.localtime():%Y/%m}/",
        ]
        self.subject(SubjectKind.PUBLISH, 0, self.news.pk, pages)
        self.retitle(article, self.subjects[-1])
        for writer in range(self.writers):
            self.make_objects_of(writer)
        all_pages = {
            page for subject in self.subjects for page in subject.pages if "/comments/feed/" not in page
        }
        for writer, publication, prefix in ((1, english, False), (2, chinese, True)):
            pages = sorted(page for page in all_pages if page.startswith("/zh-hans/") == prefix)
            self.subject(SubjectKind.SITE, writer, publication.pk, pages)
            with public_write(publication):
                publication.name = self.subjects[-1].stamp(0)
                publication.save()
        return self.subjects

    def make_objects_of(self, writer: int) -> None:
        """Make a topic for one writer, with an article for each kind of change."""
        topic = self.topic(f"topic-{writer}")
        lists = [f"/topics/{topic.slug}/", f"/topics/{topic.slug}/feed/"]
        talk = self.article(f"talk-{writer}", topic)
        chinese = self.article(f"谈话-{writer}", topic, language="zh-hans", translation_of=talk)
        in_chinese = f"/zh-hans/articles/{chinese.slug}/"
        page = f"/articles/{talk.slug}/"
        self.subject(
            SubjectKind.TITLE,
            writer,
            talk.pk,
            [page, f"{page}comments/feed/", *lists] + ["/"] * (writer == 0),
        )
        self.retitle(talk, self.subjects[-1])
        if writer == 0:
            set_options(talk, featured=True)
        self.subject(SubjectKind.TITLE, writer, chinese.pk, [in_chinese, "/zh-hans/", "/zh-hans/feed/"])
        self.retitle(chinese, self.subjects[-1])
        self.subject(SubjectKind.COMMENT, writer, talk.pk, [page, f"{page}comments/feed/", in_chinese])
        self.comment(talk, writer, self.subjects[-1].stamp(0))
        edited = self.article(f"edit-{writer}", topic)
        page = f"/articles/{edited.slug}/"
        comment = self.comment(edited, writer, f"stamp{len(self.subjects)}v0x")
        self.subject(
            SubjectKind.EDIT, writer, comment.pk, [page, f"{page}discussion/1/", f"{page}comments/feed/"]
        )
        self.subject(
            SubjectKind.SLUG, writer, self.article(f"moving-{len(self.subjects)}-0", topic).pk, lists
        )
        for kind in SCHEDULES:
            number = len(self.subjects)
            article = self.article(f"scheduled-{number}", topic)
            self.subject(kind, writer, article.pk, [], [] if kind == SubjectKind.CLOSE else lists)

    def subject(
        self, kind: SubjectKind, writer: int, pk: int, pages: list[str], lists: list[str] | None = None
    ) -> None:
        self.subjects.append(
            TrackedObject(len(self.subjects), kind, writer % self.writers, pk, pages, lists or [])
        )

    def publication(self, language: str) -> Publication:
        with public_write() as write:
            publication = Publication.objects.create(language=language)
            write.touch(publication)
        return publication

    def topic(self, slug: str) -> Topic:
        with public_write() as write:
            topic = Topic.objects.create(slug=slug, name_en=slug, name_zh=slug)
            write.touch(topic)
        return topic

    def article(self, slug: str, topic: Topic, *, at: datetime | None = None, **fields: object) -> Article:
        article = create_article(slug=slug, title=slug, body=BODY, topics=[topic], **fields)
        return publish(article, at=at or self.published)

    def retitle(self, article: Article, subject: TrackedObject) -> None:
        retitle(article.pk, subject.stamp(0))

    def comment(self, article: Article, writer: int, body: str) -> Comment:
        """Post a comment by the writer's first account, and approve it."""
        return self.approved(
            services.post_comment(
                user=account(writer, 0), article=article, body=body, submission=uuid.uuid4()
            )
        )

    def approved(self, comment: Comment) -> Comment:
        if comment.state == State.PENDING:
            services.decide(moderator=self.moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
        return comment

    def make_accounts_trusted(self) -> None:
        """Approve a comment of each account, so that its later ones show at once."""
        article = self.article("welcome", self.topic("welcome"))
        for writer in range(self.writers):
            for number in range(ACCOUNTS):
                body = f"Hello from {writer}, {number}."
                self.approved(
                    services.post_comment(
                        user=account(writer, number), article=article, body=body, submission=uuid.uuid4()
                    )
                )


def account(writer: int, number: int) -> User:
    """Return one of a writer's accounts, which is made if need be."""
    email = f"writer-{writer}-{number}@drill.example"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, None)
        user.emailaddress_set.create(email=email, verified=True, primary=True)
    return user


def retitle(article_id: int, title: str, **text: str) -> None:
    article = Article.objects.get(pk=article_id)
    save_draft(article, title=title, **text)
    publish(article)

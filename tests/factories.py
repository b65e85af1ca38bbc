"""Rows for tests: plain functions with defaults for what a test does not state."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from articles.models import (
    Article,
    ArticleText,
    ArticleTopic,
    Author,
    Byline,
    Image,
    Page,
    Publication,
    Status,
    Topic,
)
from articles.services import create_article, publish
from comments import services
from comments.models import Comment, Decision
from comments.policy import ModerationAction, State
from ictiger.core.languages import Language
from ictiger.pagecache.public_write import public_write

PASSWORD = "correct horse battery staple"
BODY = "## First\n\nA paragraph about patents.\n\n## Second\n\nAnother about standards."

_numbers = count(1)


def make_user(email: str = "", *, group: str = "", verified: bool = True, **fields) -> User:
    """A user with the password PASSWORD. A member of `group` is staff and may use the admin."""
    email = email or f"person-{next(_numbers)}@example.org"
    user = User.objects.create_user(email, PASSWORD, is_staff=bool(group), **fields)
    user.emailaddress_set.create(email=email, verified=verified, primary=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def make_topic(slug: str = "", **fields) -> Topic:
    slug = slug or f"topic-{next(_numbers)}"
    with public_write() as write:
        topic = Topic(slug=slug, **{"name_en": slug.title(), "name_zh": f"话题{slug}", **fields})
        topic.save()
        write.touch(topic)
    return topic


def make_author(slug: str = "", **fields) -> Author:
    slug = slug or f"author-{next(_numbers)}"
    with public_write() as write:
        author = Author(slug=slug, **{"name_en": slug.title(), "name_zh": f"作者{slug}", **fields})
        author.save()
        write.touch(author)
    return author


def make_image(file: str = "images/test.png", **fields) -> Image:
    """A row without a file."""
    with public_write() as write:
        image = Image(file=file, **{"width": 1600, "height": 900, "alt": "A drawing", **fields})
        image.save()
        write.touch(image)
    return image


def make_article(
    slug: str = "", *, topics: Sequence[Topic] = (), authors: Sequence[Author] = (), **fields
) -> Article:
    """An article made and published as by an editor, public since yesterday unless `status` or the times
    differ.

    Text fields go through the draft; others (`featured`, `expires_at`, `translation_key`, …) are set on the
    article.
    """
    slug = slug or f"article-{next(_numbers)}"
    text = {"title": f"Title of {slug}", "summary": f"Summary of {slug}", "body": BODY, "slug": slug}
    text |= {name: fields.pop(name) for name in ArticleText.TEXT_FIELDS if name in fields}
    language, created_by = fields.pop("language", Language.EN), fields.pop("created_by", None)
    publish_at = fields.pop("publish_at", timezone.now() - timedelta(days=1))
    article = create_article(by=created_by, language=language, topics=topics, authors=authors, **text)
    if fields.setdefault("status", Status.PUBLISHED) == Status.PUBLISHED:
        publish(article, at=publish_at)
    with public_write(article):
        for name, value in fields.items():
            setattr(article, name, value)
        article.save()
    return article


def set_topics(article: Article, topics: Sequence[Topic]) -> None:
    """Replace the article's topics."""
    with public_write(article):
        ArticleTopic.objects.filter(article=article).delete()
        ArticleTopic.objects.bulk_create(ArticleTopic(article=article, topic=topic) for topic in topics)


def set_authors(article: Article, authors: Sequence[Author]) -> None:
    """Replace the article's authors."""
    with public_write(article):
        Byline.objects.filter(article=article).delete()
        Byline.objects.bulk_create(
            Byline(article=article, author=author, position=position)
            for position, author in enumerate(authors)
        )


def make_page(slug: str = "about", **fields) -> Page:
    with public_write() as write:
        page = Page(
            slug=slug, **{"title": slug.title(), "body": "Text.", "body_html": "<p>Text.</p>", **fields}
        )
        page.save()
        write.touch(page)
    return page


def make_publication(language: str = "en", **fields) -> Publication:
    with public_write() as write:
        publication = Publication(
            language=language, **{"name": "ICTiger", "sign_off": "Write to us.", **fields}
        )
        publication.save()
        write.touch(publication)
    return publication


def make_comment(
    article: Article,
    *,
    author: User | None = None,
    parent: Comment | None = None,
    state: str = State.VISIBLE,
    **fields,
) -> Comment:
    """A comment that reached `state` through the services. An unverified one needs an unverified author."""
    author = author or make_user(verified=state != State.UNVERIFIED)
    submitted = {"body": "An argument about patents.", "submission": uuid.uuid4(), **fields}
    comment = services.post_comment(user=author, article=article, parent_id=parent and parent.pk, **submitted)
    if state in (State.VISIBLE, State.REMOVED) and comment.state == State.PENDING:
        decide_as_somebody(comment, ModerationAction.APPROVE)
    if state == State.REMOVED:
        decide_as_somebody(comment, ModerationAction.REMOVE)
    if state == State.REJECTED:
        decide_as_somebody(comment, ModerationAction.REJECT, reason="off_topic")
    comment.refresh_from_db()
    return comment


def decide_as_somebody(comment: Comment, verb: ModerationAction, **reason: str) -> Decision:
    return services.decide(moderator=make_user(), comment_id=comment.pk, action=verb, **reason)

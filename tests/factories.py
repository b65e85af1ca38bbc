"""Rows for tests: plain functions, each with a default for what the test does not care about."""

from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTopic, Author, Byline, Draft, Image, Page, Publication, Status, Topic
from ictiger.delivery.change import change

PASSWORD = "correct horse battery staple"
BODY = "## First\n\nA paragraph about patents.\n\n## Second\n\nAnother about standards."

_numbers = count(1)


def make_user(email: str = "", *, group: str = "", verified: bool = True, **fields) -> User:
    """A user with the password PASSWORD; a member of `group` may enter the desk."""
    email = email or f"person-{next(_numbers)}@example.org"
    user = User.objects.create_user(email, PASSWORD, is_staff=bool(group), **fields)
    user.emailaddress_set.create(email=email, verified=verified, primary=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def make_topic(slug: str = "", **fields) -> Topic:
    slug = slug or f"topic-{next(_numbers)}"
    with change() as this:
        topic = Topic(slug=slug, **{"name_en": slug.title(), "name_zh": f"话题{slug}", **fields})
        topic.save()
        this.touch(topic)
    return topic


def make_author(slug: str = "", **fields) -> Author:
    slug = slug or f"author-{next(_numbers)}"
    with change() as this:
        author = Author(slug=slug, **{"name_en": slug.title(), "name_zh": f"作者{slug}", **fields})
        author.save()
        this.touch(author)
    return author


def make_image(file: str = "images/test.png", **fields) -> Image:
    """A row alone; there is no file behind it."""
    with change() as this:
        image = Image(file=file, **{"width": 1600, "height": 900, "alt": "A drawing", **fields})
        image.save()
        this.touch(image)
    return image


def make_article(slug: str = "", *, topics: list[Topic] = (), authors: list[Author] = (), **fields) -> Article:
    """An article and its draft with the same text; public since yesterday unless `status` or the times say otherwise."""
    slug = slug or f"article-{next(_numbers)}"
    fields = {
        "title": f"Title of {slug}",
        "summary": f"Summary of {slug}",
        "body": BODY,
        "status": Status.PUBLISHED,
        "publish_at": timezone.now() - timedelta(days=1),
        **fields,
    }
    with change() as this:
        article = Article(slug=slug, body_html="<h2>First</h2><p>A paragraph about patents.</p>", **fields)
        article.save()
        Draft.objects.create(article=article, **{name: getattr(article, name) for name in Draft.TEXT_FIELDS})
        for topic in topics:
            ArticleTopic(article=article, topic=topic).save()
        for position, author in enumerate(authors):
            Byline(article=article, author=author, position=position).save()
        this.touch(article)
    return article


def make_page(slug: str = "about", **fields) -> Page:
    with change() as this:
        page = Page(slug=slug, **{"title": slug.title(), "body": "Text.", "body_html": "<p>Text.</p>", **fields})
        page.save()
        this.touch(page)
    return page


def make_publication(language: str = "en", **fields) -> Publication:
    with change() as this:
        publication = Publication(language=language, **{"name": "ICTiger", "sign_off": "Write to us.", **fields})
        publication.save()
        this.touch(publication)
    return publication

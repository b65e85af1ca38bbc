"""What can be done to an article. Every verb reads the row anew under its lock, so that two at once do not undo each other.

Each raises ValidationError, in words for the editor, and then has written nothing; the object in hand may be half changed: read it again.
Who may do it is the caller's question.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone, translation
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from accounts.models import User
from ictiger.delivery.change import change
from ictiger.languages import Language

from .markdown import Notice, Rendered, lost_text, render
from .models import SLUG_BYTES, Article, ArticleText, ArticleTopic, Author, Byline, Draft, Image, Page, SlugRedirect, Status, Topic
from .search import index_text
from .text import cut, slug_from, storable

# What an editor sets on the article itself: it takes effect at once and is no part of the text.
OPTIONS = ("featured", "comments_open", "comments_close_at", "expires_at")


def create_article(
    *,
    by: User | None = None,
    language: str = Language.EN,
    translation_of: Article | None = None,
    topics: Sequence[Topic] = (),
    authors: Sequence[Author] = (),
    **text: object,
) -> Article:
    """A new article, invisible to readers, with its draft. `text` holds fields of ArticleText.

    A slug is made from the title if none is given. A translation gets its original's topics and authors unless others are given.
    """
    if translation_of is not None:
        topics = topics or _topics_of(translation_of)
        authors = authors or [byline.author for byline in translation_of.bylines.select_related("author")]
        _refuse_second_translation(translation_of, language)
    title = storable(str(text.get("title", "")))
    slug = str(text.pop("slug", "")) or free_slug(title, language=language)
    article = Article(language=language, created_by=by, title=title, slug=_normal(slug), translation_key=_key_of(translation_of))
    with _conflicts_in_words(), change() as this:
        _refuse_taken_slug(article, article.slug)
        article.clean_fields(exclude=["title"])
        article.save()
        Draft.objects.bulk_create([Draft(article=article, title=article.title, slug=article.slug)])  # an empty one is no revision
        save_draft(article, **text)
        _put_topics(article, topics)
        _put_authors(article, authors)
        article.refresh_from_db()
        this.touch(article)
    return article


def save_draft(article: Article, *, revision: bool = True, **text: object) -> Draft:
    """Keep what was written, half done or not. Readers see none of it before `publish`.

    With `revision=False` (autosave) the history gets no entry. An article that was never published takes over its draft's title and slug.
    """
    with _conflicts_in_words(), change(article):
        draft = Draft.objects.select_for_update(of=("self",)).get(article=article)
        _write_text(draft, text)
        _refuse_taken_slug(article, draft.slug)
        if not revision:
            draft.skip_history_when_saving = True
        draft.save()
        article.refresh_from_db()
        if article.publish_at is None:
            article.title, article.slug = draft.title, draft.slug
            article.save()
    return draft


def submit_for_review(article: Article) -> None:
    """Tell the editors that the draft is ready."""
    with change(article):
        article.refresh_from_db()
        if article.status == Status.PUBLISHED:
            raise ValidationError(_("This article is already published. Publishing it again takes over its draft."), code="published")
        article.status = Status.IN_REVIEW
        article.save()


def return_to_draft(article: Article) -> None:
    """Give an article in review back to its authors."""
    with change(article):
        article.refresh_from_db()
        if article.status == Status.IN_REVIEW:
            article.status = Status.DRAFT
            article.save()


def publish(article: Article, *, at: datetime | None = None) -> Article:
    """Copy the draft over and show it from `at` on: now, a time to come, or for an imported article a time that was.

    Publishing again keeps the first date and says when the text changed. `article` itself is brought up to date and returned.
    """
    with _conflicts_in_words(), change(article):
        article.refresh_from_db()
        draft = Draft.objects.select_for_update(of=("self",)).get(article=article)
        now = timezone.now()
        was_read, old_slug = article.publish_at is not None and article.publish_at <= now, article.slug
        if article.is_public and at is not None and at > now:
            raise ValidationError(_("Readers see this article now. Take it down first, or publish its changes at once."), code="public")
        changed = _copy_text(draft, article, complete=True)
        article.status = Status.PUBLISHED
        article.publish_at = at or (article.publish_at if was_read else now)
        if article.expires_at is not None and article.expires_at <= max(now, article.publish_at):
            article.expires_at = None
        if was_read and changed and article.publish_at <= now:
            article.updated_at = now
        _refuse_taken_slug(article, article.slug)
        _refuse_unfinished(article)
        article.save()
        if was_read:
            _keep_address(article, old_slug)
    return article


def unpublish(article: Article) -> None:
    """Back to a draft: readers get 404. The date of an article that was read stays; a date to come goes."""
    with change(article):
        article.refresh_from_db()
        article.status = Status.DRAFT
        if article.publish_at is not None and article.publish_at > timezone.now():
            article.publish_at = None
        article.save()


def take_down(article: Article, *, at: datetime | None = None) -> None:
    """From `at` (now) on readers are told that the article is no longer there: 410."""
    with change(article):
        article.refresh_from_db()
        at = at or timezone.now()
        if article.status != Status.PUBLISHED or article.publish_at >= at:
            raise ValidationError(_("Only an article that readers have seen can be taken down."), code="unpublished")
        article.expires_at = at
        article.save()


def set_options(article: Article, **options: object) -> None:
    """Set any of OPTIONS: whether it leads the home page, and how long it and its discussion are open."""
    unknown = options.keys() - set(OPTIONS)
    if unknown:
        raise TypeError(f"no options of an article: {sorted(unknown)}")
    with change(article):
        article.refresh_from_db()
        for name, value in options.items():
            setattr(article, name, value)
        article.full_clean(exclude=["title", *Draft.TEXT_FIELDS])
        article.save()


def set_topics(article: Article, topics: Sequence[Topic]) -> None:
    """Put the article under these topics; the first stands above its title."""
    with change(article):
        _put_topics(article, topics)


def set_authors(article: Article, authors: Sequence[Author]) -> None:
    """Credit these authors in this order."""
    with change(article):
        _put_authors(article, authors)


def save_page(page: Page) -> Page:
    """Render and save a page (about, privacy, …), new or changed."""
    page.title, page.body, page.slug = storable(page.title), storable(page.body), _normal(page.slug)
    page.full_clean()
    rendered = _render(page.body, page.language)
    _refuse_lost_text(page.body, rendered)
    page.body_html = rendered.html
    with change(*[page] if page.pk else []) as this:
        page.save()
        this.touch(page)
    return page


def render_draft(draft: Draft) -> Rendered:
    """The draft's text as readers would see it."""
    return _render(draft.body, draft.article.language)


def notices_of(draft: Draft) -> list[Notice]:
    """What the author is to be told of the draft's text: what is left out, shown as typed, refused, or would be lost."""
    rendered = render_draft(draft)
    return [*rendered.notices, *(Notice("lost", line, text) for line, text in lost_text(draft.body, rendered))]


def preview_of(draft: Draft) -> Article:
    """The article as it would be if the draft were published; not to be saved. Text that cannot be rendered says why in its place."""
    article = Article.objects.for_reading().get(pk=draft.article_id)
    try:
        _copy_text(draft, article)
    except ValidationError as error:
        article.body_html = format_html_join("", "<p>{}</p>", ((message,) for message in error.messages))
    return article


def free_slug(title: str, *, language: str) -> str:
    """An address made from the title that no other article has or had."""
    base = slug_from(title, limit=SLUG_BYTES - 8) or f"article-{uuid4().hex[:8]}"
    slug, number = base, 1
    while _holder_of(slug, language) is not None:
        number += 1
        slug = f"{cut(base, SLUG_BYTES - 8)}-{number}"
    return slug


# --- the parts of the verbs ----------------------------------------------------------------------------------------------------------


def _write_text(draft: Draft, text: dict[str, object]) -> None:
    unknown = text.keys() - set(Draft.TEXT_FIELDS)
    if unknown:
        raise TypeError(f"no text fields of an article: {sorted(unknown)}")
    for name, value in text.items():
        setattr(draft, name, storable(value) if isinstance(value, str) else value)
    draft.slug = _normal(draft.slug) or draft.article.slug
    blank = [name for name in Draft.TEXT_FIELDS if not getattr(draft, name)]  # a half-done draft is worth keeping
    draft.clean_fields(exclude=blank)


def _copy_text(draft: Draft, article: Article, *, complete: bool = False) -> bool:
    """Copy the draft over the article and render it. Tells whether what readers read has changed.

    With `complete`, raises ValidationError if the rendered text lacks a letter of the source.
    """
    before = _reader_text(article)
    for name in ArticleText.TEXT_FIELDS:
        setattr(article, name, getattr(draft, name))
    rendered = render_draft(draft)
    if complete:
        _refuse_lost_text(draft.body, rendered)
    article.body_html, article.contents = rendered.html, rendered.contents
    article.words, article.reading_minutes = rendered.words, rendered.reading_minutes
    article.search_text = index_text(article.title, article.summary, rendered.text)
    return _reader_text(article) != before


def _refuse_lost_text(body: str, rendered: Rendered) -> None:
    lost = lost_text(body, rendered)
    if lost:
        raise ValidationError({"body": [ValidationError(str(Notice("lost", line, text)), code="lost") for line, text in lost]})


def _reader_text(article: Article) -> tuple[str, str, str]:
    return article.title, article.summary, article.body


def _refuse_unfinished(article: Article) -> None:
    """An article has a title, a text and a well-formed address before readers see it."""
    article.clean_fields()
    if not article.body.strip():
        raise ValidationError({"body": _("There is no text to publish yet.")})
    article.validate_constraints()


def _keep_address(article: Article, old_slug: str) -> None:
    """Lead readers of the old address to the new one; an address that is in use again leads nowhere."""
    article.old_slugs.filter(slug=article.slug).delete()
    if old_slug != article.slug:
        SlugRedirect(language=article.language, slug=old_slug, article=article).save()


def _refuse_taken_slug(article: Article, slug: str) -> None:
    """An old address of another article counts as taken: links to it, all over the web, mean that article."""
    holder = _holder_of(slug, article.language, besides=article.pk)
    if holder is None:
        return
    if holder.slug == slug:
        message = _("The address “%(slug)s” is taken by “%(title)s”. Choose another.")
    else:
        message = _("The address “%(slug)s” still leads readers to “%(title)s”, which had it before. Choose another.")
    raise ValidationError({"slug": ValidationError(message, code="taken", params={"slug": slug, "title": holder.title})})


def _holder_of(slug: str, language: str, *, besides: int | None = None) -> Article | None:
    """The article that has this address, or had it."""
    articles = Article.objects.filter(language=language).exclude(pk=besides)
    return articles.filter(slug=slug).first() or articles.filter(old_slugs__slug=slug, old_slugs__language=language).first()


def _refuse_second_translation(original: Article, language: str) -> None:
    if Article.objects.filter(translation_key=original.translation_key, language=language).exists():
        raise ValidationError(_("This article already has a version in that language."), code="translated")


@contextmanager
def _conflicts_in_words() -> Iterator[None]:
    """Two editors took one address at the same moment: the database lets one through, the other is told so in words."""
    try:
        yield
    except IntegrityError as error:
        message = _("Another change was saved at the same moment. Look at the article, and try again.")
        raise ValidationError(message, code="conflict") from error


def _put_topics(article: Article, topics: Sequence[Topic]) -> None:
    ArticleTopic.objects.filter(article=article).delete()
    ArticleTopic.objects.bulk_create(ArticleTopic(article=article, topic=topic) for topic in dict.fromkeys(topics))


def _put_authors(article: Article, authors: Sequence[Author]) -> None:
    Byline.objects.filter(article=article).delete()
    credited = enumerate(dict.fromkeys(authors))
    Byline.objects.bulk_create(Byline(article=article, author=author, position=position) for position, author in credited)


def _topics_of(article: Article) -> list[Topic]:
    return [link.topic for link in article.articletopic_set.select_related("topic")]


def _key_of(original: Article | None) -> UUID:
    return original.translation_key if original is not None else uuid4()


def _normal(slug: str) -> str:
    """One spelling for each address: the same letters may be written in two ways in Unicode."""
    return unicodedata.normalize("NFC", storable(slug)).strip()


def _render(body: str, language: str) -> Rendered:
    with translation.override(language):
        return render(body, size_of=_picture_size, site_url=settings.SITE_URL)


def _picture_size(src: str) -> tuple[int, int] | None:
    if not src.startswith(settings.MEDIA_URL):
        return None
    return Image.objects.filter(file=unquote(src.removeprefix(settings.MEDIA_URL))).values_list("width", "height").first()

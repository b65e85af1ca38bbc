"""The write operations on articles and pages.

Each one locks the article's row and reads it again, so that two calls at the same moment do not undo each
other. Each raises ValidationError with messages for the editor. Nothing has been written then, but the object
passed in may be half changed: read it again. Permissions are checked by the caller.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone, translation
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from accounts.models import User
from ictiger.core.languages import Language
from ictiger.core.text import strip_unstorable
from ictiger.pagecache.public_write import public_write

from . import generated_covers
from .former_slugs import redirect_other_form, save_with_redirects
from .images import add_image, name_of, picture_sizes, record_uses
from .markdown import Notice, Rendered, lost_text, render
from .models import Article, ArticleText, ArticleTopic, Author, Byline, Draft, Page, Status, Topic
from .rendered_fields import set_rendered
from .slug_ownership import (
    conflicts_as_validation_errors,
    free_slug,
    normalize_slug,
    reject_taken_slug,
    update_redirects,
)

# Fields that an editor sets on the article itself. They take effect at once and are not part of the draft.
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
    """Create an article with its draft, both invisible to readers. `text` holds fields of ArticleText.

    Without a slug, one is made from the title. A translation takes over its original's topics and authors
    unless others are passed.
    """
    if translation_of is not None:
        topics = topics or _topics_of(translation_of)
        authors = authors or [byline.author for byline in translation_of.bylines.select_related("author")]
        _reject_second_translation(translation_of, language)
    title = strip_unstorable(str(text.get("title", "")))
    slug = str(text.pop("slug", "")) or free_slug(title, language=language)
    article = Article(
        language=language,
        created_by=by,
        title=title,
        slug=normalize_slug(slug),
        translation_key=translation_of.translation_key if translation_of is not None else uuid4(),
    )
    with conflicts_as_validation_errors(), public_write() as write:
        reject_taken_slug(article, article.slug)
        article.clean_fields(exclude=["title"])
        article.save()
        # bulk_create() writes no history: a draft without text is not a revision.
        Draft.objects.bulk_create([Draft(article=article, title=article.title, slug=article.slug)])
        save_draft(article, **text)
        _add_topics(article, topics)
        _add_authors(article, authors)
        article.refresh_from_db()
        write.touch(article)
    return article


def save_draft(
    article: Article,
    *,
    revision: bool = True,
    skip_if: Callable[[Draft], bool] | None = None,
    **text: object,
) -> Draft:
    """Save the text, finished or not. Readers see none of it before `publish`.

    `revision=False` (autosave) adds no entry to the history. `skip_if` is called with the locked draft:
    nothing is written when it returns True, and it may raise ValidationError. An article that was never
    published takes over its draft's title and slug.
    """
    with conflicts_as_validation_errors(), public_write() as write:
        draft = _lock_draft(article)
        if skip_if is not None and skip_if(draft):
            return draft
        old_body = draft.body
        _write_text(draft, text)
        if draft.slug != article.slug:
            reject_taken_slug(article, draft.slug)
        if not revision:
            draft.skip_history_when_saving = True
        draft.save()
        record_uses(draft, draft.body, before=old_body)
        if article.publish_at is None:
            write.touch(article)
            article.title, article.slug = draft.title, draft.slug
            article.save()
    return draft


def submit_for_review(article: Article) -> None:
    """Mark the draft as ready for the editors."""
    with public_write(article):
        article.refresh_from_db()
        if article.status == Status.PUBLISHED:
            raise ValidationError(
                _("This article is already published. Publishing it again takes over its draft."),
                code="published",
            )
        article.status = Status.IN_REVIEW
        article.save()


def return_to_draft(article: Article) -> None:
    """Return an article in review to its authors. Does nothing in any other state."""
    with public_write(article):
        article.refresh_from_db()
        if article.status == Status.IN_REVIEW:
            article.status = Status.DRAFT
            article.save()


def publish(article: Article, *, at: datetime | None = None, draft: Draft | None = None) -> Article:
    """Copy the draft over the article and show it from `at` on (default: now). An import passes a past date.

    Publishing again keeps the first date and records when the text changed. Updates `article` and returns it.
    A text that cannot be rendered raises ValidationError for "body". A caller whose transaction has just
    saved the draft of this very `article` passes what `save_draft` returned: neither is read again.
    """
    with conflicts_as_validation_errors(), public_write(article):
        if draft is None:
            draft = _lock_draft(article)
        now, old_html = timezone.now(), article.body_html
        was_read, old_slug = article.has_been_published, article.slug
        if article.is_public and at is not None and at > now:
            raise ValidationError(
                _("Readers see this article now. Take it down first, or publish its changes at once."),
                code="public",
            )
        changed = _copy_publishable_text(draft, article)
        article.status = Status.PUBLISHED
        article.publish_at = at or (article.publish_at if was_read else now)
        if article.expires_at is not None and article.expires_at <= max(now, article.publish_at):
            article.expires_at = None
        if was_read and changed and article.publish_at <= now:
            article.updated_at = now
        if article.slug != old_slug:
            reject_taken_slug(article, article.slug)
        _require_publishable(article)
        article.save()
        record_uses(article, article.body_html, before=old_html)
        if was_read and article.slug != old_slug:
            update_redirects(article, old_slug)
        elif article.slug != old_slug:
            article.old_slugs.filter(slug=article.slug).delete()
        redirect_other_form(article)
    return article


def unpublish(article: Article) -> None:
    """Turn the article back into a draft: readers get 404.

    A past publication date stays, a future one is removed.
    """
    with public_write(article):
        article.refresh_from_db()
        article.status = Status.DRAFT
        if article.publish_at is not None and article.publish_at > timezone.now():
            article.publish_at = None
        article.save()


def take_down(article: Article, *, at: datetime | None = None) -> None:
    """Answer requests for the article with 410 Gone from `at` on (default: now)."""
    with public_write(article):
        article.refresh_from_db()
        at = at or timezone.now()
        if article.status != Status.PUBLISHED or article.publish_at >= at:
            raise ValidationError(
                _("Only an article that readers have seen can be taken down."), code="unpublished"
            )
        article.expires_at = at
        article.save()


def set_options(article: Article, **options: object) -> None:
    """Set any of OPTIONS. Raises TypeError for other names."""
    unknown = options.keys() - set(OPTIONS)
    if unknown:
        raise TypeError(f"no options of an article: {sorted(unknown)}")
    with public_write(article):
        article.refresh_from_db()
        for name, value in options.items():
            setattr(article, name, value)
        article.full_clean(exclude=["title", *Draft.TEXT_FIELDS])
        article.save()


def draw_cover(article: Article) -> bool:
    """Draw a cover into a draft that has none. Returns whether it drew one.

    The seed is the translation key, so that both languages of an article get the same drawing.
    """
    if article.draft.cover_id is not None:
        return False
    seed, motifs = article.translation_key, sorted(generated_covers.MOTIFS)
    with translation.override(article.language):
        alt = _("An abstract drawing")
    with public_write(article):
        content = generated_covers.generated_cover_file(str(seed), motifs[seed.int % len(motifs)])
        save_draft(article, cover=add_image(upload=ContentFile(content, name="cover.webp"), alt=alt))
    return True


def save_page(page: Page, *, notices: list[Notice] | None = None) -> Page:
    """Render and save a page (about, privacy, …), new or changed. `notices` gets its notices."""
    page.title, page.body, page.slug = (
        strip_unstorable(page.title),
        strip_unstorable(page.body),
        normalize_slug(page.slug),
    )
    page.full_clean()
    rendered, old_html = render_published(page), page.body_html
    if notices is not None:
        notices += rendered.notices
    set_rendered(page, rendered)
    with public_write(*[page] if page.pk else []):
        save_with_redirects(page)
        record_uses(page, page.body_html, before=old_html)
    return page


def render_published(text: Article | Page) -> Rendered:
    """Render the body of an article or a page.

    Raises ValidationError for text that cannot be rendered, or not without losing a letter.
    """
    rendered = _render_markdown(text.body, text.language)
    _refuse_lost_text(text.body, rendered)
    return rendered


def render_draft(draft: Draft) -> Rendered:
    """Render the draft's text as readers would see it.

    Raises ValidationError for text that cannot be rendered.
    """
    return _render_markdown(draft.body, draft.article.language)


def notices_of(text: Draft | Page) -> list[Notice]:
    """What the author should know of a text: what is left out, shown as typed, refused or lost.

    Raises ValidationError for text that cannot be rendered.
    """
    language = text.language if isinstance(text, Page) else text.article.language
    return _notices_of_rendered(text.body, _render_markdown(text.body, language))


def _notices_of_rendered(body: str, rendered: Rendered) -> list[Notice]:
    lost = (Notice("lost", line, text) for line, text in lost_text(body, rendered))
    return [*rendered.notices, *lost]


def preview_article(draft: Draft, *, notices: list[Notice] | None = None) -> Article:
    """The article as publishing the draft would make it, not to be saved. `notices` gets those of its text.

    In place of a text that cannot be rendered stand the reasons.
    """
    article = Article.objects.for_reading().get(pk=draft.article_id)
    try:
        _copy_text(draft, article, notices=notices)
    except ValidationError as error:
        article.body_html = format_html_join("", "<p>{}</p>", ((message,) for message in error.messages))
    return article


def _lock_draft(article: Article) -> Draft:
    """Lock and read the article, then lock its draft. Each is the other's cached relation afterwards."""
    article.refresh_from_db(from_queryset=Article.objects.select_for_update())
    draft = Draft.objects.select_for_update(of=("self",)).get(article=article)
    draft.article = article
    return draft


def _write_text(draft: Draft, text: dict[str, object]) -> None:
    unknown = text.keys() - set(Draft.TEXT_FIELDS)
    if unknown:
        raise TypeError(f"no text fields of an article: {sorted(unknown)}")
    old_cover_id = draft.cover_id
    for name, value in text.items():
        setattr(draft, name, strip_unstorable(value) if isinstance(value, str) else value)
    draft.slug = normalize_slug(draft.slug) or draft.article.slug
    # Unfinished drafts are saved as well: empty fields are not checked.
    unchecked = {"article", *(name for name in Draft.TEXT_FIELDS if not getattr(draft, name))}
    if draft.cover_id == old_cover_id:
        unchecked.add("cover")
    draft.clean_fields(exclude=unchecked)


def _copy_publishable_text(draft: Draft, article: Article) -> bool:
    """As `_copy_text`. What cannot be rendered is an error of the field "body"."""
    try:
        return _copy_text(draft, article, complete=True)
    except ValidationError as error:
        raise ValidationError({"body": error.error_list}) from error


def _copy_text(
    draft: Draft, article: Article, *, complete: bool = False, notices: list[Notice] | None = None
) -> bool:
    """Copy the draft over the article and render it. Returns whether title, summary or body have changed.

    With `complete`, raises ValidationError if the rendered text lacks a letter of the source. `notices` gets
    what the author should know.
    """
    before = _reader_text(article)
    for name in ArticleText.TEXT_FIELDS:
        attribute = Draft._meta.get_field(name).attname  # the cover's key: its row is not needed
        setattr(article, attribute, getattr(draft, attribute))
    rendered = render_draft(draft)
    if complete:
        _refuse_lost_text(draft.body, rendered)
    if notices is not None:
        notices += _notices_of_rendered(draft.body, rendered)
    set_rendered(article, rendered)
    return _reader_text(article) != before


def _refuse_lost_text(body: str, rendered: Rendered) -> None:
    """Raise ValidationError, with a message for each place, where the rendered text lacks what `body` has."""
    lost = lost_text(body, rendered)
    if lost:
        raise ValidationError(
            [ValidationError(str(Notice("lost", line, text)), code="lost") for line, text in lost]
        )


def _reader_text(article: Article) -> tuple[str, str, str]:
    return article.title, article.summary, article.body


def _require_publishable(article: Article) -> None:
    """Raise ValidationError unless the article has a title, a text and a well-formed slug.

    The model's constraints are not validated: that asked 17 queries at each publication. `clean_fields`
    covers slug and language, `reject_taken_slug` the slug's uniqueness, `publish` the status and the order of
    the dates.
    """
    article.clean_fields(exclude=["cover", "created_by"])  # relations: each would ask whether its row exists
    if not article.body.strip():
        raise ValidationError({"body": _("There is no text to publish yet.")})


def _reject_second_translation(original: Article, language: str) -> None:
    if Article.objects.filter(translation_key=original.translation_key, language=language).exists():
        raise ValidationError(_("This article already has a version in that language."), code="translated")


def _add_topics(article: Article, topics: Sequence[Topic]) -> None:
    ArticleTopic.objects.bulk_create(
        ArticleTopic(article=article, topic=topic) for topic in dict.fromkeys(topics)
    )


def _add_authors(article: Article, authors: Sequence[Author]) -> None:
    credited = enumerate(dict.fromkeys(authors))
    Byline.objects.bulk_create(
        Byline(article=article, author=author, position=position) for position, author in credited
    )


def _topics_of(article: Article) -> list[Topic]:
    return [link.topic for link in article.articletopic_set.select_related("topic")]


def _render_markdown(body: str, language: str) -> Rendered:
    sizes = picture_sizes(body)
    with translation.override(language):
        return render(
            body,
            size_of=lambda src: sizes.get(name_of(src)),
            site_url=settings.SITE_URL,
            language=language,
        )

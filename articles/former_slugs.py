"""Addresses that have changed.

Saves pages, topics and authors with redirects from their old slugs, and finds what an old slug leads to.
"""

from django.db.models import F, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.urls import reverse

from ictiger.pagecache.public_write import public_write

from .models import SLUG_BYTES, Article, Author, FormerSlug, Page, SlugRedirect, Topic
from .slug_ownership import normalize_slug
from .slugs import redirectable_form, slug_forms


def save_with_redirects(instance: Page | Topic | Author) -> None:
    """Save a page, a topic or an author, new or changed. Its old slug redirects to the present one.

    A slug that was another one's before leads to this one from now on.
    """
    instance.slug = normalize_slug(instance.slug)
    with public_write(*[instance] if instance.pk else []) as write:
        kind = type(instance)
        stored = kind.objects.filter(pk=instance.pk).values_list("slug", flat=True).first()
        instance.save()
        write.touch(instance)
        if stored == instance.slug:
            return
        _redirects_of_kind(instance).filter(slug__in=[instance.slug, stored or instance.slug]).delete()
        if stored is not None:
            _add_redirect(instance, stored)
        other_form = redirectable_form(instance.slug, limit=SLUG_BYTES)
        if other_form and not _is_taken(instance, other_form):
            _add_redirect(instance, other_form)


def redirect_other_form(article: Article) -> None:
    """Let a published article be found by all forms of its slug, where the slug itself is not the folded one.

    Slugs are compared by their folded form, which a redirect therefore has to lead from.
    """
    form = redirectable_form(article.slug, limit=SLUG_BYTES)
    if not form:
        return
    others = Article.objects.filter(language=article.language, slug=form)
    redirects = SlugRedirect.objects.filter(language=article.language, slug=form)
    if not others.exists() and not redirects.exists():
        SlugRedirect(language=article.language, slug=form, article=article).save()


def find_moved(candidates: QuerySet, slug: str, **redirect: object) -> Model | None:
    """The candidate whose slug is another form of `slug`, or that had it before; None if there is none.

    `redirect` holds further conditions on the candidate's redirects.
    """
    forms = slug_forms(slug)
    found = {}
    former = Q(old_slugs__slug__in=forms, **{f"old_slugs__{name}": value for name, value in redirect.items()})
    for candidate in candidates.filter(former).annotate(old_slug=F("old_slugs__slug")):
        found[candidate.old_slug] = candidate
    if len(forms) > 1:
        found |= {candidate.slug: candidate for candidate in candidates.filter(slug__in=forms[1:])}
    return next((found[form] for form in forms if form in found), None)


def redirect_moved(request: HttpRequest, candidates: QuerySet, slug: str) -> HttpResponsePermanentRedirect:
    """Redirect to the candidate that `find_moved` finds. Raises Http404."""
    moved = find_moved(candidates, slug)
    if moved is None:
        raise Http404("nothing has or had this address")
    return redirect_to_slug(request, moved.slug)


def redirect_to_slug(request: HttpRequest, slug: str) -> HttpResponsePermanentRedirect:
    """Redirect to the requested view with another slug, with its page number if it has one."""
    match = request.resolver_match
    return HttpResponsePermanentRedirect(reverse(match.view_name, kwargs=match.kwargs | {"slug": slug}))


def _redirects_of_kind(instance: Page | Topic | Author) -> QuerySet[FormerSlug]:
    """The redirects to objects of its kind; of a page, in its language."""
    return FormerSlug.objects.filter(
        **{f"{FormerSlug.TARGETS[type(instance)]}__isnull": False}, language=_language_of(instance)
    )


def _language_of(instance: Page | Topic | Author) -> str:
    return getattr(instance, "language", "")


def _add_redirect(instance: Page | Topic | Author, slug: str) -> None:
    FormerSlug(
        slug=slug, language=_language_of(instance), **{FormerSlug.TARGETS[type(instance)]: instance}
    ).save()


def _is_taken(instance: Page | Topic | Author, slug: str) -> bool:
    """Whether an object of its kind has the slug, or had it."""
    same_kind = type(instance).objects.filter(slug=slug)
    if isinstance(instance, Page):
        same_kind = same_kind.filter(language=instance.language)
    return same_kind.exists() or _redirects_of_kind(instance).filter(slug=slug).exists()

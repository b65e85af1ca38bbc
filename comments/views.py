"""The discussion as everybody reads it, and the form as a page: it works without JavaScript, which fetches the same form into place."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from django.db.models import Exists, Subquery, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from articles.links import page_links
from articles.models import LONG_TEXTS, Article, ArticleQuerySet, Byline
from ictiger.addresses import url_of
from ictiger.compiled import Compiled
from ictiger.delivery.decorators import public_page
from ictiger.delivery.lifetime import lives_until
from ictiger.languages import Language

from . import arranging, openness, reading, services, waiting, words
from .forms import CommentForm, Limits, id_from, limits_of
from .models import Comment, Discussion, WaitingText, new_url
from .openness import Now
from .policy import OWN_PER_PAGE, State, Switch, page_of
from .services import NoSuchParent, Refused, SubmissionTaken


def find_article(slug: str, *, with_authors: bool = True) -> Article:
    """The public article of the active language, under its present slug or one that it had. Raises Http404.

    Its authors are needed where comments are shown: theirs are marked. Its text is not needed anywhere here.
    """
    asked = {"language": Language.active(), "slug": slug, "now": timezone.now()}
    article = _under_its_slug.row(**asked) or _under_an_old_slug.row(**asked)
    if article is None:
        raise Http404
    if with_authors:
        prefetch_related_objects([article], "bylines__author")
    return article


def _public(language, now) -> ArticleQuerySet:
    return Article.objects.public(language, now=now).defer(*LONG_TEXTS).order_by()


_under_its_slug = Compiled(lambda language, slug, now: _public(language, now).filter(slug=slug), planned=True)
_under_an_old_slug = Compiled(lambda language, slug, now: _public(language, now).filter(old_slugs__slug=slug, old_slugs__language=language))


# --- reading -------------------------------------------------------------------------------------------------------------------------


def discussion_context(article: Article, number: int | None = None) -> dict:
    """What `comments/_discussion.html` shows: the newest threads, or those of page `number`. Raises Http404 for a page that is none."""
    now = openness.now(article)
    threads, markup = now.threads, reading.CommentMarkup(article, now)
    if number is None:
        page = reading.newest_threads(article, markup) if threads else reading.Threads([])
    elif threads and 1 <= number <= page_of(threads):
        page = reading.threads_on_page(article, number, markup)
    else:
        raise Http404
    return frame(article, now) | {
        "count": None if number else now.comments,  # not on the pages of older threads: each comment would change them all
        "page": page,
        "number": number,
        "newer": number + 1 if number and number < page_of(threads) else None,
        "views": arranging.choices(article, arranging.CANONICAL) if threads > 1 else None,
    }


def frame(article: Article, now: Now) -> dict:
    """What stands around the threads on whatever page of the discussion."""
    return {"article": article, "now": now, "limits": limits_of(reply=False)}


@public_page
def discussion(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Older threads. A page's number and its threads are fixed."""
    article = find_article(slug)
    path = reverse("comments:discussion", args=[article.slug, number])
    if article.slug != slug or not request.path.endswith(f"/{number}/"):
        return redirect(path, permanent=True)
    context = discussion_context(article, number) | {"bar_src": url_of("comments:me", article.pk)}
    context |= page_links(in_each_language(article, lambda version: reverse("comments:discussion", args=[version.slug, number])))
    return lives_until(render(request, "comments/discussion_detail.html", context), *article.next_moments(request.asked_at))


@public_page
def thread(request: HttpRequest, slug: str, thread_no: int, number: int = 1) -> HttpResponse:
    """One thread alone, with all of its replies: other pages leave out most of those of a very long one."""
    article = find_article(slug)
    path = reading.thread_url(article, thread_no, number)
    if article.slug != slug or unquote(path) != request.path:
        return redirect(path, permanent=True)
    now = openness.now(article)
    found = reading.thread_alone(article, thread_no, number, reading.CommentMarkup(article, now))
    if found is None:
        raise Http404
    thread, pages = found
    context = frame(article, now) | {"thread": thread, "number": number, "bar_src": url_of("comments:me", article.pk)}
    context["place_url"] = reverse("comments:discussion", args=[article.slug, page_of(thread_no)])
    context["earlier_url"] = reading.thread_url(article, thread_no, number - 1) if number > 1 else ""
    context["later_url"] = reading.thread_url(article, thread_no, number + 1) if number < pages else ""
    context |= page_links(in_each_language(article, lambda version: reading.thread_url(version, thread_no, number)))
    return lives_until(render(request, "comments/thread_detail.html", context), *article.next_moments(request.asked_at))


def in_each_language(article: Article, url_of: Callable[[Article], str]) -> dict[str, str]:
    """The addresses of the same page under the article and under its translation: they share the discussion."""
    urls = {}
    for version in Article.objects.public().filter(translation_key=article.translation_key):
        with translation.override(version.language):
            urls[version.language] = url_of(version)
    return urls


@never_cache
@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """To the page that holds the comment now, or its place. What its author alone may read is among the author's own."""
    comment = get_object_or_404(Comment.objects.select_related("parent"), pk=pk)
    is_own, is_visible = request.user.is_authenticated and comment.author_id == request.user.pk, comment.state == State.VISIBLE
    article = _article_to_read(comment)
    if article and (is_visible or (not is_own and _has_a_place(comment))):
        return redirect(reading.page_url(comment, article))
    if is_own:
        return redirect(own_url(comment))
    raise Http404


def _has_a_place(comment: Comment) -> bool:
    """Whether something stands where a comment was that is not visible."""
    return comment.thread_no is not None and Comment.objects.threads().filter(pk=comment.pk).exists()


def own_url(comment: Comment) -> str:
    """Where a comment stands among all of its author's."""
    page = Comment.objects.filter(author=comment.author_id).newer_than(comment).count() // OWN_PER_PAGE + 1
    return f"{reverse('comments:mine')}{f'?page={page}' if page > 1 else ''}#comment-{comment.pk}"


def _article_to_read(comment: Comment) -> Article | None:
    """The article in the reader's language, or in the one it exists in; None when it is not public."""
    public = {article.language: article for article in Article.objects.public().filter(translation_key=comment.discussion_id)}
    return public.get(Language.active()) or next(iter(public.values()), None)


# --- writing -------------------------------------------------------------------------------------------------------------------------


@dataclass
class Box:
    """The form as it is shown: the text as it was typed, what it answers, and what stands in its way."""

    article: Article
    text: str = ""
    answered: Comment | None = None
    gone: int | None = None  # the id of what it was to answer, when that can no longer be answered
    submission: uuid.UUID | str = field(default_factory=uuid.uuid4)
    errors: list[str] = field(default_factory=list)
    kept: WaitingText | None = None
    editing: Comment | None = None
    task: str = "edit"  # what is done to the comment that exists already: edit, mend or appeal
    in_vain: bool = False  # nothing can be written here, and nothing waits to be: no box is shown

    @property
    def action(self) -> str:
        if self.editing:
            return reverse(f"comments:{self.task}", args=[self.editing.pk])
        return reverse("comments:post", args=[self.article.slug])

    @property
    def key(self) -> str:
        """What tells this form from others on the page, and names what the browser keeps of it."""
        if self.editing:
            return f"{self.task}-{self.editing.pk}"
        return str(self.answered.pk if self.answered else self.gone or "new")

    @property
    def quoted(self) -> Comment | None:
        """What it answers, while everybody may read that: a form is no way to a text that was taken out of the discussion."""
        return self.answered if self.answered and self.answered.state == State.VISIBLE else None

    @property
    def is_reply(self) -> bool:
        """Also when what it answers can no longer be shown."""
        return self.answered is not None or (self.editing is not None and self.editing.parent_id is not None)

    @property
    def is_short(self) -> bool:
        """A note to the moderators is as long as a reply."""
        return self.is_reply or self.task == "appeal"

    @property
    def read_by_another(self) -> bool:
        """Whether somebody else than who rejected the comment would read the appeal."""
        return services.has_another_moderator(self.editing)

    @property
    def kept_until(self) -> datetime:
        """When a text that waits is forgotten."""
        return self.kept.created_at + waiting.KEPT_FOR

    @cached_property
    def now(self) -> Now:
        """What holds for the discussion, for whoever is about to write in it."""
        return openness.now(self.article)

    @property
    def limits(self) -> Limits:
        return limits_of(reply=self.is_short)

    @property
    def words_left(self) -> str:
        """In figures, with a minus when there are too many: the browser's counter goes on with the same."""
        return str(self.limits.words - words.count_words(self.text)).replace("-", "\N{MINUS SIGN}")

    @property
    def most_lines(self) -> int:
        return words.LINES

    @property
    def most_marks(self) -> int:
        return words.MARKS

    @property
    def ranges(self) -> str:
        """For the browser's counter."""
        return words.RANGES


@never_cache
@require_safe
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, for strangers too. A text that waits for this place is in the box, to be posted after one "Post this?"."""
    article = find_article(slug)
    typed = request.GET.get("parent", "")
    box = Box(article, answered=_answered(article, typed))
    box.gone = None if box.answered else id_from(typed)
    box.kept = _kept_for(request, article, id_from(typed)) or (_kept_for(request, article, None) if box.gone else None)
    if box.kept is not None:
        box.text, box.submission = box.kept.body, box.kept.submission
    if typed and box.answered is None:
        box.errors.append(str(NoSuchParent()))
    if not box.now.is_open:
        box.errors += filter(None, [_closed_in_words(box.now), box.now.sentence])
        box.in_vain = not box.text
    return show_box(request, box)


def _kept_for(request: HttpRequest, article: Article, parent_id: int | None) -> WaitingText | None:
    """The text that waits to answer comment `parent_id`, also when that can no longer be answered: its way back leads here all the same."""
    return waiting.texts_of(request).filter(article__translation_key=article.translation_key, parent=parent_id).last()


def _closed_in_words(now: Now) -> str:
    return _("Comments are closed for now.") if now.switch == Switch.CLOSED else _("This discussion has closed.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a comment or a reply; whatever stands in its way, the text comes back. Whoever only looks here is led to the form."""
    try:
        article = find_article(slug, with_authors=False)
    except Http404:
        return article_gone(request)
    if request.method != "POST":
        return redirect(new_url(article, None))
    form = CommentForm(request.POST)
    box = Box(article, text=form.data.get("body", ""))
    if not form.is_valid():
        box.answered = _answered(article, form.data.get("parent", ""))
        box.errors = [error for errors in form.errors.values() for error in errors]
        box.submission = form.cleaned_data.get("submission", box.submission)
        return show_box(request, box, status=422)
    data = form.cleaned_data
    box.submission = data["submission"]
    sent = {"article": article, "body": data["body"], "parent_id": data["parent"], "submission": data["submission"]}
    try:
        return _accept(request, box, sent)
    except Refused as refusal:
        box.errors = [str(refusal)]
        if isinstance(refusal, NoSuchParent):
            box.gone = data["parent"]
        else:
            box.answered = _answered(article, form.data.get("parent", ""))
        if isinstance(refusal, SubmissionTaken):
            box.submission = uuid.uuid4()
        return show_box(request, box, status=refusal.status)


def _accept(request: HttpRequest, box: Box, sent: dict) -> HttpResponse:
    if request.user.is_authenticated:
        return accepted(request, services.post(user=request.user, **sent))
    waiting.refuse_flood(request)
    token = waiting.token_of(request) or uuid.uuid4()
    box.kept = waiting.keep(token=token, **sent)
    box.answered, box.submission = box.kept.parent, box.kept.submission
    response = show_box(request, box) if request.htmx else redirect(_new_url(box))
    waiting.set_cookie(response, token)
    return response


def accepted(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Lead to the comment as its author sees it; a script gets its markup to put in place."""
    if request.htmx:
        around = _around.row(article=comment.article_id, author=comment.author_id, discussion=comment.discussion_id)
        markup = reading.CommentMarkup()
        markup.article_authors = {comment.author_id} if around.by_article_author else set()
        count = around.in_all if comment.shown_at else None  # what was never seen was never counted
        shown = {"comment": comment, "own": markup.html(reading.row_of(comment)), "count": count}
        return HttpResponse(render_to_string("comments/_accepted.html", shown), status=201)  # nothing in it is the request's
    return redirect("comments:permalink", comment.pk)


_around = Compiled(
    lambda article, author, discussion: (
        Article.objects.order_by()
        .filter(pk=article)
        .values(
            by_article_author=Exists(Byline.objects.filter(article=article, author__user=author)),
            in_all=Subquery(Discussion.objects.filter(pk=discussion).values("comments")),
        )
    ),
    planned=True,
)


def show_box(request: HttpRequest, box: Box, *, status: int = 200) -> HttpResponse:
    """The form with its text: alone for a script, else as a page."""
    template = "comments/_form.html" if request.htmx else "comments/comment_form.html"
    here = box.action if box.editing else _new_url(box)
    context = {"box": box, "article": box.article, "here": here}
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def article_gone(request: HttpRequest) -> HttpResponse:
    """No article is here, or it was taken down while the reader was writing. Raises Http404."""
    return _gone(request, _("This discussion has closed. Your text is below, for you to copy."))


def comment_gone(request: HttpRequest) -> HttpResponse:
    """No comment is here, or it went while its author was changing it or writing about it. Raises Http404."""
    return _gone(request, _("This comment is no longer there. Your text is below, for you to copy."))


def _gone(request: HttpRequest, why: str) -> HttpResponse:
    """404, and the text, for them to copy."""
    text = request.POST.get("body", "")
    if not text or request.htmx:  # a script has the text in its box still
        raise Http404
    return render(request, "comments/gone.html", {"text": text, "why": why}, status=404)


def form_expired(request: HttpRequest, slug: str = "", pk: int | None = None) -> HttpResponse:
    """The form's token was missing or stale: the text comes back in a form with a fresh one. For the CSRF failure view."""
    if pk is not None:
        try:
            box = edit_box(request, pk, request.resolver_match.url_name)
        except Http404:
            return comment_gone(request)
    else:
        try:
            article = find_article(slug)
        except Http404:
            return article_gone(request)
        box = Box(article, text=request.POST.get("body", ""), answered=_answered(article, request.POST.get("parent", "")))
        box.submission = request.POST.get("submission", "")
    box.errors = [_("This form had been open for too long, or cookies are off. Your text is here: please send it again.")]
    return show_box(request, box, status=403)


def edit_box(request: HttpRequest, pk: int, task: str = "edit") -> Box:
    """The form that changes a comment, or that goes with it to the moderators. Raises Http404.

    Whoever is not known as its author (the session may have ended while they were writing) gets back what they typed, and of a comment
    that is not visible nothing else.
    """
    comment = get_object_or_404(Comment.objects.select_related("article", "parent__author"), pk=pk)
    is_author = request.user.is_authenticated and comment.author_id == request.user.pk
    if not (is_author or comment.article.is_public):
        raise Http404  # not even the article's title is theirs to know
    shown = is_author or comment.state == State.VISIBLE
    text = request.POST.get("body", comment.body if is_author and task != "appeal" else "")
    return Box(comment.article, text=text, answered=comment.parent if shown else None, editing=comment, task=task)


def _answered(article: Article, typed: str) -> Comment | None:
    """The comment that the form answers, as far as it can be answered."""
    parent_id = id_from(typed)
    return Comment.objects.below(article).visible().filter(pk=parent_id).select_related("author").first() if parent_id else None


def _new_url(box: Box) -> str:
    return new_url(box.article, box.answered.pk if box.answered else box.gone)

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from articles.models import Article, Byline
from comments import discussion_status, drafts, services
from comments.discussion import threads as thread_queries
from comments.discussion.context import find_article
from comments.discussion_status import DiscussionStatus
from comments.forms import CommentForm, Limits, limits_for, parse_id
from comments.models import Comment, CommentDraft, Discussion, compose_url
from comments.policy import State, Switch
from comments.services import CommentError, DuplicateSubmission, ParentNotFound
from comments.services import drafts as draft_services
from comments.text import word_count
from ictiger.core.fragment_requests import wants_fragment
from ictiger.core.prepared import PreparedQuery

# How a page names what is done to a comment, where that differs from the name in the code.
_PAGE_NAMES = {"revise": "mend"}


@dataclass
class ComposeForm:
    """The form as it is shown: the text as it was typed, what it answers, and what stands in its way."""

    article: Article
    text: str = ""
    answered: Comment | None = None
    gone: int | None = None  # the id of what it was to answer, when that can no longer be answered
    submission: uuid.UUID | str = field(default_factory=uuid.uuid4)
    errors: list[str] = field(default_factory=list)
    kept: CommentDraft | None = None
    editing: Comment | None = None
    task: str = "edit"  # what is done to the comment that exists already: edit, revise or appeal
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
            return f"{_PAGE_NAMES.get(self.task, self.task)}-{self.editing.pk}"
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
        return self.kept.created_at + drafts.DRAFT_LIFETIME

    @cached_property
    def now(self) -> DiscussionStatus:
        """What holds for the discussion, for whoever is about to write in it."""
        return discussion_status.discussion_status(self.article)

    @property
    def limits(self) -> Limits:
        return limits_for(reply=self.is_short)

    @property
    def words_left(self) -> str:
        """In figures, with a minus when there are too many: the browser's counter goes on with the same."""
        return str(self.limits.words - word_count.count_words(self.text)).replace("-", "\N{MINUS SIGN}")

    @property
    def most_lines(self) -> int:
        return word_count.MAX_LINES

    @property
    def most_marks(self) -> int:
        return word_count.MAX_MARKS

    @property
    def ranges(self) -> str:
        """For the browser's counter."""
        return word_count.RANGES


@never_cache
@require_safe
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, for strangers too. A text that waits for this place is in the box, to be posted after one "Post this?"."""
    article = find_article(slug)
    typed = request.GET.get("parent", "")
    box = ComposeForm(article, answered=_visible_parent(article, typed))
    box.gone = None if box.answered else parse_id(typed)
    box.kept = _draft_for(request, article, parse_id(typed)) or (
        _draft_for(request, article, None) if box.gone else None
    )
    if box.kept is not None:
        box.text, box.submission = box.kept.body, box.kept.submission
    if typed and box.answered is None:
        box.errors.append(str(ParentNotFound()))
    if not box.now.is_open:
        box.errors += filter(None, [_closed_message(box.now), box.now.sentence])
        box.in_vain = not box.text
    return render_form(request, box)


def _draft_for(request: HttpRequest, article: Article, parent_id: int | None) -> CommentDraft | None:
    """The text that waits to answer comment `parent_id`, also when that can no longer be answered: its way back leads here all the same."""
    return (
        drafts.drafts_for(request)
        .filter(article__translation_key=article.translation_key, parent=parent_id)
        .last()
    )


def _closed_message(now: DiscussionStatus) -> str:
    return (
        _("Comments are closed for now.") if now.switch == Switch.CLOSED else _("This discussion has closed.")
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a comment or a reply; whatever stands in its way, the text comes back. Whoever only looks here is led to the form."""
    try:
        article = find_article(slug, with_authors=False)
    except Http404:
        return article_gone(request)
    if request.method != "POST":
        return redirect(compose_url(article, None))
    form = CommentForm(request.POST)
    box = ComposeForm(article, text=form.data.get("body", ""))
    if not form.is_valid():
        box.answered = _visible_parent(article, form.data.get("parent", ""))
        box.errors = [error for errors in form.errors.values() for error in errors]
        box.submission = form.cleaned_data.get("submission", box.submission)
        return render_form(request, box, status=422)
    data = form.cleaned_data
    box.submission = data["submission"]
    sent = {
        "article": article,
        "body": data["body"],
        "parent_id": data["parent"],
        "submission": data["submission"],
    }
    try:
        return _post_or_save_draft(request, box, sent)
    except CommentError as refusal:
        box.errors = [str(refusal)]
        if isinstance(refusal, ParentNotFound):
            box.gone = data["parent"]
        else:
            box.answered = _visible_parent(article, form.data.get("parent", ""))
        if isinstance(refusal, DuplicateSubmission):
            box.submission = uuid.uuid4()
        return render_form(request, box, status=refusal.status)


def _post_or_save_draft(request: HttpRequest, box: ComposeForm, sent: dict) -> HttpResponse:
    if request.user.is_authenticated:
        return respond_posted(request, services.post_comment(user=request.user, **sent))
    draft_services.check_rate_limit(request)
    token = drafts.draft_token(request) or uuid.uuid4()
    box.kept = draft_services.save_draft(token=token, **sent)
    box.answered, box.submission = box.kept.parent, box.kept.submission
    response = render_form(request, box) if wants_fragment(request) else redirect(_compose_url(box))
    drafts.set_draft_cookie(response, token)
    return response


def respond_posted(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Lead to the comment as its author sees it; a script gets its markup to put in place."""
    if wants_fragment(request):
        around = _count_query.row(
            article=comment.article_id, author=comment.author_id, discussion=comment.discussion_id
        )
        markup = thread_queries.CommentRenderer()
        markup.article_authors = {comment.author_id} if around.by_article_author else set()
        count = around.in_all if comment.first_visible_at else None  # what was never seen was never counted
        shown = {
            "comment": comment,
            "own": markup.html(thread_queries.row_from_comment(comment)),
            "count": count,
        }
        return HttpResponse(
            render_to_string("comments/_accepted.html", shown), status=201
        )  # nothing in it is the request's
    return redirect("comments:permalink", comment.pk)


_count_query = PreparedQuery(
    lambda article, author, discussion: (
        Article.objects.order_by()
        .filter(pk=article)
        .values(
            by_article_author=Exists(Byline.objects.filter(article=article, author__user=author)),
            in_all=Subquery(Discussion.objects.filter(pk=discussion).values("comments")),
        )
    ),
    server_side=True,
)


def render_form(request: HttpRequest, box: ComposeForm, *, status: int = 200) -> HttpResponse:
    """The form with its text: alone for a script, else as a page."""
    template = "comments/_form.html" if wants_fragment(request) else "comments/comment_form.html"
    here = box.action if box.editing else _compose_url(box)
    context = {"box": box, "article": box.article, "here": here}
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def article_gone(request: HttpRequest) -> HttpResponse:
    """No article is here, or it was taken down while the reader was writing. Raises Http404."""
    return _render_gone(request, _("This discussion has closed. Your text is below, for you to copy."))


def comment_gone(request: HttpRequest) -> HttpResponse:
    """No comment is here, or it went while its author was changing it or writing about it. Raises Http404."""
    return _render_gone(request, _("This comment is no longer there. Your text is below, for you to copy."))


def _render_gone(request: HttpRequest, why: str) -> HttpResponse:
    """404, and the text, for them to copy."""
    text = request.POST.get("body", "")
    if not text or wants_fragment(request):  # a script has the text in its box still
        raise Http404
    return render(request, "comments/gone.html", {"text": text, "why": why}, status=404)


def form_expired(request: HttpRequest, slug: str = "", pk: int | None = None) -> HttpResponse:
    """The form's token was missing or stale: the text comes back in a form with a fresh one. For the CSRF failure view."""
    if pk is not None:
        try:
            box = edit_form(request, pk, request.resolver_match.url_name)
        except Http404:
            return comment_gone(request)
    else:
        try:
            article = find_article(slug)
        except Http404:
            return article_gone(request)
        box = ComposeForm(
            article,
            text=request.POST.get("body", ""),
            answered=_visible_parent(article, request.POST.get("parent", "")),
        )
        box.submission = request.POST.get("submission", "")
    box.errors = [
        _(
            "This form had been open for too long, or cookies are off. Your text is here: please send it again."
        )
    ]
    return render_form(request, box, status=403)


def edit_form(request: HttpRequest, pk: int, task: str = "edit") -> ComposeForm:
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
    return ComposeForm(
        comment.article, text=text, answered=comment.parent if shown else None, editing=comment, task=task
    )


def _visible_parent(article: Article, typed: str) -> Comment | None:
    """The comment that the form answers, as far as it can be answered."""
    parent_id = parse_id(typed)
    return (
        Comment.objects.in_discussion_of(article)
        .visible()
        .filter(pk=parent_id)
        .select_related("author")
        .first()
        if parent_id
        else None
    )


def _compose_url(box: ComposeForm) -> str:
    return compose_url(box.article, box.answered.pk if box.answered else box.gone)

"""The form for a comment, and posting it.

The form is a page, so it works without JavaScript; discussion.js fetches the same form into the discussion.
"""

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

from accounts.reader_tag import reader_tag
from articles.models import Article, Byline
from comments import discussion_status, drafts, services, submissions
from comments.discussion import threads as thread_queries
from comments.discussion.context import find_article
from comments.discussion_status import DiscussionStatus
from comments.forms import CommentForm, Limits, limits_for, parse_id
from comments.models import Comment, CommentDraft, Discussion, compose_url
from comments.policy import State, Switch
from comments.services import CommentError, DuplicateSubmission, OtherAccount, ParentNotFound
from comments.services import drafts as draft_services
from comments.text import word_count
from ictiger.core.fragment_requests import wants_fragment
from ictiger.core.prepared import PreparedQuery
from ictiger.pagecache.redirects import with_query

# The page says "mend" where the code says "revise": browsers store typed texts under that word.
_TASK_NAMES_ON_PAGE = {"revise": "mend"}


@dataclass
class ComposeForm:
    """The form as it is shown: its text, the comment it replies to, and the errors above it."""

    article: Article
    text: str = ""
    replied_to: Comment | None = None
    missing_parent_id: int | None = None  # the requested parent, when it can no longer be replied to
    submission: uuid.UUID | str = field(default_factory=uuid.uuid4)
    errors: list[str] = field(default_factory=list)
    draft: CommentDraft | None = None
    comment: Comment | None = None  # the existing comment that the form changes or appeals for
    task: str = "edit"  # what the form does to `comment`: edit, revise or appeal
    shown_draft: str = ""  # the digest of the draft that the form showed when it was sent
    revision: str = ""  # of `comment` when the form was opened
    asks_for_name: bool = False  # it was made for another account: "post this under this name?"
    shows_current_text: bool = False  # `comment` was changed since the form was opened
    is_closed: bool = False  # nothing can be posted and there is no draft: only the errors are shown

    @property
    def action(self) -> str:
        """The URL that the form is sent to."""
        if self.comment:
            return reverse(f"comments:{self.task}", args=[self.comment.pk])
        return reverse("comments:post", args=[self.article.slug])

    @property
    def page_url(self) -> str:
        """The URL of the form as a page."""
        if self.comment:
            return self.action
        return compose_url(self.article, self.replied_to.pk if self.replied_to else self.missing_parent_id)

    @property
    def key(self) -> str:
        """Identifies the form on its page, and in the browser's storage of typed texts."""
        if self.comment:
            return f"{_TASK_NAMES_ON_PAGE.get(self.task, self.task)}-{self.comment.pk}"
        return str(self.replied_to.pk if self.replied_to else self.missing_parent_id or "new")

    @property
    def heading(self) -> str:
        if self.comment:
            return {
                "edit": _("Change a comment"),
                "revise": _("Change a comment and send it in again"),
                "appeal": _("Appeal against a rejection"),
            }[self.task]
        return _("Reply") if self.replied_to else _("Write a comment")

    @property
    def label(self) -> str:
        """The label of the text box, unless it holds a draft that is to be posted."""
        if self.task == "appeal":
            return _("Why should it stand as it is?")
        if self.quoted and not self.comment:
            return _("Your reply to %(name)s") % {"name": self.quoted.author_name}
        return _("Your comment")

    @property
    def quoted(self) -> Comment | None:
        """The comment it replies to, if visible: the form must not show text that was removed."""
        return self.replied_to if self.replied_to and self.replied_to.state == State.VISIBLE else None

    @property
    def is_reply(self) -> bool:
        """True also when the comment it replies to can no longer be shown."""
        return self.replied_to is not None or (
            self.comment is not None and self.comment.parent_id is not None
        )

    @property
    def has_reply_limits(self) -> bool:
        """A note to the moderators may be as long as a reply."""
        return self.is_reply or self.task == "appeal"

    @property
    def has_another_moderator(self) -> bool:
        """Whether a moderator other than the one who rejected the comment would read the appeal."""
        return services.has_another_moderator(self.comment)

    @property
    def draft_digest(self) -> str:
        """Identifies the draft that the form shows, which the text that is sent may replace."""
        return (
            submissions.text_digest(self.draft.submission, self.draft.body)
            if self.draft
            else self.shown_draft
        )

    @property
    def draft_expires_at(self) -> datetime:
        return self.draft.created_at + drafts.DRAFT_LIFETIME

    @cached_property
    def status(self) -> DiscussionStatus:
        return discussion_status.discussion_status(self.article)

    @property
    def limits(self) -> Limits:
        return limits_for(reply=self.has_reply_limits)

    @property
    def words_left(self) -> str:
        """In digits, with U+2212 when negative, as the counter in the browser writes it."""
        return str(self.limits.words - word_count.count_words(self.text)).replace("-", "\N{MINUS SIGN}")

    @property
    def max_lines(self) -> int:
        return word_count.MAX_LINES

    @property
    def max_marks(self) -> int:
        return word_count.MAX_MARKS

    @property
    def word_ranges(self) -> str:
        """The code points of words, for the counter in the browser."""
        return word_count.RANGES


@never_cache
@require_safe
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form, to anonymous visitors too.

    A draft for the same parent fills it and is posted after "Post this?".
    """
    article = find_article(slug)
    typed_parent = request.GET.get("parent", "")
    compose_form = ComposeForm(article, replied_to=visible_comment(article, typed_parent))
    if compose_form.replied_to is None:
        compose_form.missing_parent_id = parse_id(typed_parent)
    compose_form.draft = _draft_for(request, article, parse_id(typed_parent))
    if compose_form.draft is None and compose_form.missing_parent_id:
        compose_form.draft = _draft_for(request, article, None)
    if compose_form.draft is not None:
        compose_form.text, compose_form.submission = compose_form.draft.body, compose_form.draft.submission
    if typed_parent and compose_form.replied_to is None:
        compose_form.errors.append(str(ParentNotFound()))
    if not compose_form.status.is_open:
        compose_form.errors.append(_closed_message(compose_form.status))
        if compose_form.status.notice:
            compose_form.errors.append(compose_form.status.notice)
        compose_form.is_closed = not compose_form.text
    return render_form(request, compose_form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """Post a comment or a reply; when it is refused, return the text in the form.

    GET redirects to the form.
    """
    try:
        article = find_article(slug, with_authors=False)
    except Http404:
        return respond_article_missing(request)
    if request.method != "POST":
        return redirect(with_query(compose_url(article, None), request.META.get("QUERY_STRING", "")))
    form = CommentForm(request.POST)
    typed_parent = form.data.get("parent", "")
    shown_draft = form.data.get("shown_draft", "")
    compose_form = ComposeForm(article, text=form.data.get("body", ""), shown_draft=shown_draft)
    if not form.is_valid():
        compose_form.replied_to = visible_comment(article, typed_parent)
        compose_form.errors = [error for errors in form.errors.values() for error in errors]
        compose_form.submission = form.cleaned_data.get("submission", compose_form.submission)
        return render_form(request, compose_form, status=422)
    compose_form.submission = form.cleaned_data["submission"]
    try:
        return _post_or_save_draft(request, compose_form, form.cleaned_data)
    except CommentError as error:
        compose_form.errors = [str(error)]
        if isinstance(error, ParentNotFound):
            compose_form.missing_parent_id = form.cleaned_data["parent"]
        else:
            compose_form.replied_to = visible_comment(article, typed_parent)
        if isinstance(error, DuplicateSubmission):
            compose_form.submission = uuid.uuid4()
        compose_form.asks_for_name = isinstance(error, OtherAccount)
        return render_form(request, compose_form, status=error.status)


def _post_or_save_draft(request: HttpRequest, compose_form: ComposeForm, data: dict) -> HttpResponse:
    """Post the comment of a signed-in user; save that of an anonymous visitor as a draft.

    Raises CommentError.
    """
    params = {
        "article": compose_form.article,
        "body": data["body"],
        "parent_id": data["parent"],
        "submission": data["submission"],
        "shown_draft": request.POST.get("shown_draft"),
    }
    if request.user.is_authenticated:
        if not submissions.is_made_for(request.POST, request.user):
            raise OtherAccount(request.user.public_name)
        return respond_posted(request, services.post_comment(user=request.user, **params))
    draft_services.check_rate_limit(request)
    token = drafts.draft_token(request) or uuid.uuid4()
    draft = compose_form.draft = draft_services.save_draft(
        token=token, account_id=submissions.owner_id(request.POST), **params
    )
    compose_form.replied_to, compose_form.submission = draft.parent, draft.submission
    is_script = wants_fragment(request)
    response = render_form(request, compose_form) if is_script else redirect(compose_form.page_url)
    drafts.set_draft_cookie(response, token)
    return response


def respond_posted(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Redirect to the comment as its author sees it; a script gets its HTML to insert."""
    if not wants_fragment(request):
        return redirect("comments:permalink", comment.pk)
    counters = _posted_comment_query.row(
        article=comment.article_id, author=comment.author_id, discussion=comment.discussion_id
    )
    renderer = thread_queries.CommentRenderer()
    renderer.article_author_ids = {comment.author_id} if counters.by_article_author else set()
    context = {
        "comment": comment,
        "html": renderer.html(thread_queries.row_from_comment(comment)),
        # A comment that was never visible has not changed the count.
        "count": counters.comment_count if comment.first_visible_at else None,
    }
    # Without the request, as nothing in the template needs it.
    return HttpResponse(render_to_string("comments/_posted.html", context), status=201)


_posted_comment_query = PreparedQuery(
    lambda article, author, discussion: (
        Article.objects.order_by()
        .filter(pk=article)
        .values(
            by_article_author=Exists(Byline.objects.filter(article=article, author__user=author)),
            comment_count=Subquery(Discussion.objects.filter(pk=discussion).values("comments")),
        )
    ),
    server_side=True,
)


def edit_form(request: HttpRequest, pk: int, task: str = "edit") -> ComposeForm:
    """Build the form that edits, revises or appeals for comment `pk`. Raises Http404.

    Anybody but the author gets back only what they typed: the session may have ended while the author was
    writing, but text that is not visible must not leak.
    """
    comment = get_object_or_404(Comment.objects.select_related("article", "parent__author"), pk=pk)
    is_author = request.user.is_authenticated and comment.author_id == request.user.pk
    if not (is_author or comment.article.is_public):
        raise Http404  # the title of the article must not leak either
    is_readable = is_author or comment.state == State.VISIBLE
    initial_text = comment.body if is_author and task != "appeal" else ""
    return ComposeForm(
        comment.article,
        text=request.POST.get("body", initial_text),
        replied_to=comment.parent if is_readable else None,
        comment=comment,
        task=task,
        revision=request.POST.get("revision", str(comment.revision) if is_author else ""),
    )


def other_author_message(request: HttpRequest) -> str:
    """For the form of a comment that belongs to another account than the one that is logged in now."""
    return _(
        "You are now logged in as %(name)s, and this comment belongs to another account. "
        "Your text is here, for you to copy; log in as its author to save it."
    ) % {"name": request.user.public_name}


def render_form(request: HttpRequest, compose_form: ComposeForm, *, status: int = 200) -> HttpResponse:
    """Render the form with its text: as a page, or alone for a script."""
    template = "comments/_form.html" if wants_fragment(request) else "comments/comment_form.html"
    context = {
        "compose_form": compose_form,
        "article": compose_form.article,
        "made_for": submissions.owner_token(request.user),
        "reader_tag": reader_tag(request.user),
    }
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def respond_article_missing(request: HttpRequest) -> HttpResponse:
    """404 with the typed text: the article does not exist, or was taken down meanwhile.

    Raises Http404 without a text.
    """
    return _return_text(request, _("This discussion has closed. Your text is below, for you to copy."))


def respond_comment_missing(request: HttpRequest) -> HttpResponse:
    """404 with the typed text: the comment does not exist, or was deleted meanwhile.

    Raises Http404 without a text.
    """
    return _return_text(request, _("This comment is no longer there. Your text is below, for you to copy."))


def _return_text(request: HttpRequest, message: str) -> HttpResponse:
    text = request.POST.get("body", "")
    if not text or wants_fragment(request):  # a script still has the text in its form
        raise Http404
    return render(request, "comments/text_to_copy.html", {"text": text, "message": message}, status=404)


def _draft_for(request: HttpRequest, article: Article, parent_id: int | None) -> CommentDraft | None:
    """The newest draft of a reply to comment `parent_id`, or of a new comment (None).

    Drafts of replies that can no longer be posted are included: their links lead to this form all the same.
    """
    return (
        drafts.drafts_for(request)
        .filter(article__translation_key=article.translation_key, parent=parent_id)
        .last()
    )


def _closed_message(status: DiscussionStatus) -> str:
    if status.switch == Switch.CLOSED:
        return _("Comments are closed for now.")
    return _("This discussion has closed.")


def visible_comment(article: Article, typed_id: str) -> Comment | None:
    """The comment of the discussion with the ID `typed_id`, if it is visible and can be replied to."""
    comment_id = parse_id(typed_id)
    if not comment_id:
        return None
    visible = Comment.objects.in_discussion_of(article).visible()
    return visible.filter(pk=comment_id).select_related("author").first()

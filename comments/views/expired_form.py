"""A form whose CSRF token is not accepted comes back with its text and says why."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from comments import submissions
from comments.discussion.context import find_article
from comments.services import OtherAccount

from .compose import (
    ComposeForm,
    edit_form,
    other_author_message,
    render_form,
    respond_article_missing,
    respond_comment_missing,
    visible_comment,
)


def form_expired(request: HttpRequest, slug: str = "", pk: int | None = None) -> HttpResponse:
    """Return the text in a form with a fresh CSRF token, 403. Called by the CSRF failure view."""
    task = request.resolver_match.url_name
    try:
        compose_form = _resent_form(request, slug) if pk is None else edit_form(request, pk, task)
    except Http404:
        return respond_article_missing(request) if pk is None else respond_comment_missing(request)
    compose_form.errors = [_expiry_message(request, compose_form)]
    return render_form(request, compose_form, status=403)


def _expiry_message(request: HttpRequest, compose_form: ComposeForm) -> str:
    """Why the token was refused: a log-in changes it, and the form may be for another account now."""
    if not request.user.is_authenticated and submissions.owner_id(request.POST) is not None:
        return _("You have been logged out since this form was opened. Your text is here.")
    if request.user.is_authenticated and not submissions.is_made_for(request.POST, request.user):
        if compose_form.comment is None:
            compose_form.asks_for_name = True
            return str(OtherAccount(request.user.public_name))
        if compose_form.comment.author_id != request.user.pk:
            return other_author_message(request)
    if request.user.is_authenticated and submissions.OWNER_FIELD in request.POST:
        return _(
            "This form had been open for too long, or you have logged in again since. "
            "Your text is here: please send it again."
        )
    return _(
        "This form had been open for too long, or cookies are off. Your text is here: please send it again."
    )


def _resent_form(request: HttpRequest, slug: str) -> ComposeForm:
    article = find_article(slug)
    return ComposeForm(
        article,
        text=request.POST.get("body", ""),
        replied_to=visible_comment(article, request.POST.get("parent", "")),
        submission=request.POST.get("submission", ""),
        shown_draft=request.POST.get("shown_draft", ""),
    )

"""The links at the foot of mails that not everybody wants: about answers, about decisions, and about what waits for moderators."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from comments.notifications import digest
from comments.notifications import unsubscribe as subscriptions

from .own_comment import no_store


@csrf_exempt  # asked for by mail programs, with nobody signed in: what allows it is the signed key, which no other site has
@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def unsubscribe(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks, because scanners follow links. POST ends the mails: `from=thread`, `from=all`, or a mail program's one click (RFC 8058)."""
    subscription = subscriptions.subscription_from_key(key)
    if subscription is None:
        raise Http404
    choice = "all" if request.POST.get("List-Unsubscribe") == "One-Click" else request.POST.get("from")
    if choice == "all":
        subscription.end()
    elif choice == "thread" and subscription.thread:
        subscription.mute_thread()
    else:
        choice = None
    status = 400 if request.method == "POST" and not choice else 200
    return render(
        request, "comments/unsubscribe.html", {"choice": choice, "subscription": subscription}, status=status
    )


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def unsubscribe_digest(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks. POST ends the mails about what waits, by the page's button or by a mail program's one click (RFC 8058)."""
    moderator = digest.moderator_from_key(key)
    if moderator is None:
        raise Http404
    is_done = request.method == "POST"
    if is_done:
        digest.end_digest(moderator)
    return render(request, "comments/unsubscribe_digest.html", {"is_done": is_done})

"""The page behind the unsubscribe links of mails about replies, decisions and the moderators' digest."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from comments.notifications.unsubscribe import MailKind, Subscription, subscription_from_token

from .own_comment import no_store


@csrf_exempt  # mail programs have no session; no other site has the signed token
@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks for confirmation, because mail scanners follow links. POST ends the mails.

    POST takes `from=thread` or `from=all`, or a mail program's one-click request (RFC 8058).
    """
    subscription = subscription_from_token(token)
    if subscription is None:
        raise Http404
    choice = _end_mails(request, subscription) if request.method == "POST" else None
    status = 400 if request.method == "POST" and not choice else 200
    context = {"choice": choice, "subscription": subscription}
    return render(request, "comments/unsubscribe.html", context, status=status)


def _end_mails(request: HttpRequest, subscription: Subscription) -> str | None:
    """End the mails that the POST names, "all" or "thread". Returns None when it names neither."""
    choice = request.POST.get("from")
    is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    # The digest's form has one button, which sends nothing.
    if is_one_click or choice == "all" or subscription.kind == MailKind.DIGEST:
        subscription.end()
        return "all"
    if choice == "thread" and subscription.thread:
        subscription.mute_thread()
        return "thread"
    return None

"""The pages behind the links of mails, and the question that follows when an account was handed over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.verification import account_handover, addresses, flow
from accounts.verification.addresses import LinkState
from accounts.verification.limits import client_hash

from .erasure import delete_as_not_me
from .hooks import confirmation_previews
from .models import User
from .views import no_store


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def confirm_link(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows what the link would do, POST does it: mail scanners follow links, but press no buttons. No
    log-in is needed.
    """
    plan = flow.plan_confirmation(request, key)
    if request.method == "POST":
        if plan.can_confirm:
            return redirect(flow.confirm_by_link(request, plan))
        if plan.link.state == LinkState.EXPIRED:
            return _send_new_link(request, plan.link.address)
    is_good = plan.link.state == LinkState.GOOD
    context = {
        "plan": plan,
        "link": plan.link,
        "previews": pending_previews(plan.link.address.user, at_once=not plan.hands_over) if is_good else [],
        "is_recent": flow.RECENTLY_VERIFIED in request.GET,
    }
    status = 200
    if plan.link.state == LinkState.DEAD:
        status = 404
    elif plan.needs_login and request.method == "POST":
        status = 403
    return render(request, "accounts/verification_confirm.html", context, status=status)


def _send_new_link(request: HttpRequest, address: addresses.EmailAddress) -> HttpResponse:
    limit = addresses.send_verification(address, client=client_hash(request))
    if limit:
        messages.warning(request, limit.message)
    else:
        messages.success(request, _("A new mail is on its way to %(address)s.") % {"address": address.email})
    return redirect(request.path)


def pending_previews(user: User, *, at_once: bool) -> list[SafeString]:
    """The apps' previews of content that waits for `user`'s address. Show them only to the holder of the link
    or of the account.
    """
    previews = (preview(user, at_once=at_once) for preview in confirmation_previews)
    return [html for html in previews if html]


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def not_me(request: HttpRequest, key: str) -> HttpResponse:
    """For a mailbox's owner who did not ask for the mail: GET asks, POST deletes the unverified account and
    blocks the address.
    """
    link = addresses.read_not_me(key)
    if request.method == "POST":
        if link.state == LinkState.GOOD and delete_as_not_me(link.address):
            return render(request, "accounts/not_me.html", {"is_done": True})
        link = addresses.read_not_me(key)  # the address may have been verified in between
    status = 404 if link.state == LinkState.DEAD else 200
    return render(request, "accounts/not_me.html", {"link": link}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def pending_content(request: HttpRequest) -> HttpResponse:
    """Ask the owner of a handed-over account about content written before: `action=publish` or
    `action=discard`.
    """
    action = request.POST.get("action")
    if action in ("publish", "discard"):
        account_handover.claim_or_discard_pending_content(request.user, is_mine=action == "publish")
        messages.success(request, _("It is on its way.") if action == "publish" else _("It is deleted."))
        return redirect("accounts:profile")
    is_pending = request.user.pending_content_unconfirmed
    context = {"previews": pending_previews(request.user, at_once=False) if is_pending else []}
    return render(request, "accounts/waiting.html", context, status=400 if request.method == "POST" else 200)

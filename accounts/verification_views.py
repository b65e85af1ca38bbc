"""The pages behind the links of mails, and the question that follows when an account was handed over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.verification import addresses, ownership
from accounts.verification.addresses import LinkState
from accounts.verification.limits import client_hash

from .erasure import delete_as_not_me
from .hooks import confirmation_previews_hooks
from .models import User
from .views import no_store

RECENTLY_VERIFIED = "confirmed"  # in the query of the page that follows the button: it does not speak of a link that was used already


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def confirm_link(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows what the link would do, POST does it: mail scanners follow links, but press no buttons. Nobody needs to be signed in."""
    link = addresses.read_link(key)
    needs_login = link.state == LinkState.GOOD and ownership.is_change_by_stranger(request, link.address.user)
    if request.method == "POST" and link.state == LinkState.GOOD and not needs_login:
        return _verify_link(request, link.address)
    if request.method == "POST" and link.state == LinkState.EXPIRED:
        return _send_new_link(request, link.address)
    is_alive = link.state == LinkState.GOOD
    hands_over = is_alive and ownership.is_first_external_proof(request, link.address.user)
    notes = confirmation_previews(link.address.user, at_once=not hands_over) if is_alive else []
    context = {
        "link": link,
        "needs_login": needs_login,
        "hands_over": hands_over,
        "notes": notes,
        "just_now": RECENTLY_VERIFIED in request.GET,
    }
    status = 404 if link.state == LinkState.DEAD else 403 if needs_login and request.method == "POST" else 200
    return render(request, "accounts/verification_confirm.html", context, status=status)


def _verify_link(request: HttpRequest, address: addresses.EmailAddress) -> HttpResponse:
    """Confirm, and lead who has just been given the account to its new password; another reader who is logged in here stays that."""
    hands_over = ownership.is_first_external_proof(request, address.user)
    if (
        ownership.verify_with_handover(request, address.user, address)
        and hands_over
        and not request.user.is_authenticated
    ):
        return redirect(ownership.set_password_page(address.user))
    return redirect(f"{request.path}?{RECENTLY_VERIFIED}")


def _send_new_link(request: HttpRequest, address: addresses.EmailAddress) -> HttpResponse:
    wait = addresses.send_verification(address, client=client_hash(request))
    if wait:
        messages.warning(request, wait.message)
    else:
        messages.success(request, _("A new mail is on its way to %(address)s.") % {"address": address.email})
    return redirect(request.path)


def confirmation_previews(user: User, *, at_once: bool) -> list[SafeString]:
    """What the apps say waits for the address of `user`. For the eyes of who has the link or the account alone."""
    return [note for note in (make(user, at_once=at_once) for make in confirmation_previews_hooks) if note]


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def not_me(request: HttpRequest, key: str) -> HttpResponse:
    """The mailbox's owner did not ask for the mail: GET asks, POST deletes the account that was never confirmed and blocks the address."""
    link = addresses.read_not_me(key)
    if request.method == "POST" and link.state == LinkState.GOOD and delete_as_not_me(link.address):
        return render(request, "accounts/not_me.html", {"is_done": True})
    if request.method == "POST":
        link = addresses.read_not_me(key)  # what stood in the way came in between
    return render(
        request, "accounts/not_me.html", {"link": link}, status=404 if link.state == LinkState.DEAD else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def pending_content(request: HttpRequest) -> HttpResponse:
    """Whether what was written before the account was handed over is its owner's: `action=publish` or `action=discard`."""
    action = request.POST.get("action")
    if action in ("publish", "discard"):
        ownership.claim_or_discard_pending_content(request.user, is_mine=action == "publish")
        messages.success(request, _("It is on its way.") if action == "publish" else _("It is deleted."))
        return redirect("accounts:profile")
    context = {
        "notes": confirmation_previews(request.user, at_once=False)
        if request.user.pending_content_unconfirmed
        else []
    }
    return render(request, "accounts/waiting.html", context, status=400 if request.method == "POST" else 200)

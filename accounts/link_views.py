"""The pages behind the links of mails, and the question that follows when an account was handed over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import handover, verification
from .erasure import disown
from .limits import client_of
from .models import User
from .registries import confirmation_notes
from .verification import LinkState
from .views import personal

JUST_NOW = "confirmed"  # in the query of the page that follows the button: it does not speak of a link that was used already


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows what the link would do, POST does it: mail scanners follow links, but press no buttons. Nobody needs to be signed in."""
    link = verification.read_link(key)
    needs_login = link.state == LinkState.GOOD and handover.is_strangers_change(request, link.address.user)
    if request.method == "POST" and link.state == LinkState.GOOD and not needs_login:
        return _prove(request, link.address)
    if request.method == "POST" and link.state == LinkState.EXPIRED:
        return _renew(request, link.address)
    is_alive = link.state == LinkState.GOOD
    hands_over = is_alive and handover.would_hand_over(request, link.address.user)
    notes = notes_of(link.address.user, at_once=not hands_over) if is_alive else []
    context = {"link": link, "needs_login": needs_login, "hands_over": hands_over, "notes": notes, "just_now": JUST_NOW in request.GET}
    status = 404 if link.state == LinkState.DEAD else 403 if needs_login and request.method == "POST" else 200
    return render(request, "accounts/verification_confirm.html", context, status=status)


def _prove(request: HttpRequest, address: verification.EmailAddress) -> HttpResponse:
    """Confirm, and lead who has just been given the account to its new password; another reader who is logged in here stays that."""
    hands_over = handover.would_hand_over(request, address.user)
    if handover.prove(request, address.user, address) and hands_over and not request.user.is_authenticated:
        return redirect(handover.password_page(address.user))
    return redirect(f"{request.path}?{JUST_NOW}")


def _renew(request: HttpRequest, address: verification.EmailAddress) -> HttpResponse:
    wait = verification.send(address, client=client_of(request))
    if wait:
        messages.warning(request, wait.message)
    else:
        messages.success(request, _("A new mail is on its way to %(address)s.") % {"address": address.email})
    return redirect(request.path)


def notes_of(user: User, *, at_once: bool) -> list[SafeString]:
    """What the apps say waits for the address of `user`. For the eyes of who has the link or the account alone."""
    return [note for note in (make(user, at_once=at_once) for make in confirmation_notes) if note]


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def not_me(request: HttpRequest, key: str) -> HttpResponse:
    """The mailbox's owner did not ask for the mail: GET asks, POST deletes the account that was never confirmed and blocks the address."""
    link = verification.read_not_me(key)
    if request.method == "POST" and link.state == LinkState.GOOD and disown(link.address):
        return render(request, "accounts/not_me.html", {"is_done": True})
    if request.method == "POST":
        link = verification.read_not_me(key)  # what stood in the way came in between
    return render(request, "accounts/not_me.html", {"link": link}, status=404 if link.state == LinkState.DEAD else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
@login_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Whether what was written before the account was handed over is its owner's: `action=publish` or `action=discard`."""
    action = request.POST.get("action")
    if action in ("publish", "discard"):
        handover.settle_doubt(request.user, is_mine=action == "publish")
        messages.success(request, _("It is on its way.") if action == "publish" else _("It is deleted."))
        return redirect("accounts:profile")
    context = {"notes": notes_of(request.user, at_once=False) if request.user.waiting_is_doubted else []}
    return render(request, "accounts/waiting.html", context, status=400 if request.method == "POST" else 200)

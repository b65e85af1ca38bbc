"""The bar, the verification of an address, and a reader's own pages. Everything else is allauth's."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from ictiger.delivery.change import change

from . import takeout, verification
from .erasure import erase
from .forms import AddressForm, ProfileForm
from .limits import Wait, client_of, wait_for_client
from .models import User
from .verification import Standing

FRAGMENT = "X-Fragment"  # sent by verification.js: answer with the banner alone

personal = cache_control(private=True, no_store=True)


@require_safe
@personal
def bar(request: HttpRequest) -> HttpResponse:
    """What a public page fetches for a browser that carries the hint cookie."""
    return fragment(request, "accounts/bar.html")


def fragment(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """A part of a page, without what whole pages have in their context: browsers ask for these with every page view."""
    known = {"request": request, "user": request.user, "messages": messages.get_messages(request), **csrf(request)}
    return HttpResponse(render_to_string(template, known | context))


# --- the banner's page -----------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@personal
@login_required
def verification_page(request: HttpRequest) -> HttpResponse:
    """How the address stands and how to mend it; `action=resend` and `action=change` (with `email`) mend it."""
    standing = verification.standing_of(request.user)
    if request.method != "POST":
        return _show_standing(request, standing)
    if standing is None:
        return _show_standing(request, standing, _("Nothing to do: your address is confirmed already."))
    match request.POST.get("action"):
        case "resend":
            return _resend(request, standing)
        case "change":
            return _change(request, standing)
    return _show_standing(request, standing, _("This form was not complete. Nothing was changed."), status=400)


def _resend(request: HttpRequest, standing: Standing) -> HttpResponse:
    wait = verification.send(standing.address, client=client_of(request))
    return _refuse(request, standing, wait) if wait else _done(request)


def _change(request: HttpRequest, standing: Standing) -> HttpResponse:
    form = AddressForm(request.user, request.POST)
    if request.POST.get("email", "").strip().lower() == standing.address.email:
        return _resend(request, standing)
    if not form.is_valid():
        return _show_standing(request, standing, form=form)
    wait = wait_for_client(client_of(request))
    if wait:
        return _refuse(request, standing, wait, form=form)
    form.save(request)
    return _done(request)


def _refuse(request: HttpRequest, standing: Standing, wait: Wait, **context: AddressForm) -> HttpResponse:
    return _show_standing(request, standing, wait.message, status=429, retry_after=wait.seconds, **context)


def _done(request: HttpRequest) -> HttpResponse:
    """Show what the ledger says now: as a page by a redirect, or at once to the script that replaces the banner."""
    if request.headers.get(FRAGMENT):
        return _show_standing(request, verification.standing_of(User.objects.with_standing().get(pk=request.user.pk)))
    return redirect("accounts:verification")


def _show_standing(
    request: HttpRequest,
    standing: Standing | None,
    message: str = "",
    *,
    status: int = 200,
    retry_after: int = 0,
    form: AddressForm | None = None,
) -> HttpResponse:
    """The page; or, for verification.js, the banner alone, and 204 when there is nothing to verify any more."""
    context = {"standing": standing, "banner_message": message, "address_form": form}
    if not request.headers.get(FRAGMENT):
        context["address_form"] = form or AddressForm(request.user)  # on the page it stands open
        response = render(request, "accounts/verification.html", context, status=status)
    elif standing is None:
        return HttpResponse(status=204)
    else:
        response = render(request, "accounts/_banner.html", context, status=status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


# --- the reader's own pages --------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@personal
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = User.objects.get(pk=request.user.pk)  # a copy: a refused form leaves its values on it, and the bar shows request.user
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        with change(user):  # the name shows beside comments
            form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_safe
@personal
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """Everything we keep of the reader, as one JSON file, sent as it is written: it may be long."""
    response = StreamingHttpResponse(takeout.written(request.user), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="ictiger-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@personal
@login_required
@reauthentication_required
def delete(request: HttpRequest) -> HttpResponse:
    """Erase the account, after the password was given once more. Staff is asked to hand over first: their work has their name on it."""
    if request.method == "POST" and not request.user.is_staff:
        erase(User.objects.get(pk=request.user.pk))
        logout(request)
        messages.success(request, _("Your account has been deleted. Thank you for having been with us."))
        return redirect("articles:home")
    return render(request, "accounts/user_delete.html", status=403 if request.method == "POST" else 200)

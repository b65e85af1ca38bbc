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

from accounts.verification import addresses
from accounts.verification.addresses import VerificationStatus
from accounts.verification.limits import RateLimit, check_client_limit, client_hash
from ictiger.pagecache.public_write import public_write

from . import takeout
from .erasure import erase_account
from .forms import AddressForm, ProfileForm
from .models import User

FRAGMENT = "X-Fragment"  # sent by verification_banner.js: answer with the banner alone

no_store = cache_control(private=True, no_store=True)


@require_safe
@no_store
def bar(request: HttpRequest) -> HttpResponse:
    """What a public page fetches for a browser that carries the hint cookie."""
    return personal_fragment(request, "accounts/bar.html")


def personal_fragment(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """A part of a page, without what whole pages have in their context: browsers ask for these with every page view."""
    known = {
        "request": request,
        "user": request.user,
        "messages": messages.get_messages(request),
        **csrf(request),
    }
    return HttpResponse(render_to_string(template, known | context))


# --- the banner's page -----------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def verification_page(request: HttpRequest) -> HttpResponse:
    """How the address stands and how to mend it; `action=resend` and `action=change` (with `email`) mend it."""
    standing = addresses.verification_status(request.user)
    if request.method != "POST":
        return _show_status(request, standing)
    if standing is None:
        return _show_status(request, standing, _("Nothing to do: your address is confirmed already."))
    match request.POST.get("action"):
        case "resend":
            return _resend(request, standing)
        case "change":
            return _change_address(request, standing)
    return _show_status(request, standing, _("This form was not complete. Nothing was changed."), status=400)


def _resend(request: HttpRequest, standing: VerificationStatus) -> HttpResponse:
    wait = addresses.send_verification(standing.address, client=client_hash(request))
    return _show_error(request, standing, wait) if wait else _after_action(request)


def _change_address(request: HttpRequest, standing: VerificationStatus) -> HttpResponse:
    form = AddressForm(request.user, request.POST)
    if request.POST.get("email", "").strip().lower() == standing.address.email:
        return _resend(request, standing)
    if not form.is_valid():
        return _show_status(request, standing, form=form)
    wait = check_client_limit(client_hash(request))
    if wait:
        return _show_error(request, standing, wait, form=form)
    form.save(request)
    return _after_action(request)


def _show_error(
    request: HttpRequest, standing: VerificationStatus, wait: RateLimit, **context: AddressForm
) -> HttpResponse:
    return _show_status(request, standing, wait.message, status=429, retry_after=wait.seconds, **context)


def _after_action(request: HttpRequest) -> HttpResponse:
    """Show what the ledger says now: as a page by a redirect, or at once to the script that replaces the banner."""
    if request.headers.get(FRAGMENT):
        return _show_status(
            request, addresses.verification_status(User.objects.with_verification().get(pk=request.user.pk))
        )
    return redirect("accounts:verification")


def _show_status(
    request: HttpRequest,
    standing: VerificationStatus | None,
    message: str = "",
    *,
    status: int = 200,
    retry_after: int = 0,
    form: AddressForm | None = None,
) -> HttpResponse:
    """The page; or, for verification_banner.js, the banner alone, and 204 when there is nothing to verify any more."""
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
@no_store
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = User.objects.get(
        pk=request.user.pk
    )  # a copy: a refused form leaves its values on it, and the bar shows request.user
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        with public_write(user):  # the name shows beside comments
            form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_safe
@no_store
@login_required
def takeout_view(request: HttpRequest) -> HttpResponse:
    """Everything we keep of the reader, as one JSON file, sent as it is written: it may be long."""
    response = StreamingHttpResponse(takeout.takeout_json(request.user), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="ictiger-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
@reauthentication_required
def delete_account(request: HttpRequest) -> HttpResponse:
    """Erase the account, after the password was given once more. Staff is asked to hand over first: their work has their name on it."""
    if request.method == "POST" and not request.user.is_staff:
        erase_account(User.objects.get(pk=request.user.pk))
        logout(request)
        messages.success(request, _("Your account has been deleted. Thank you for having been with us."))
        return redirect("articles:home")
    return render(request, "accounts/user_delete.html", status=403 if request.method == "POST" else 200)

"""The personal fragment, the verification of an address, and the user's own pages. All other pages are
allauth's.
"""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
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
from ictiger.core.fragment_requests import wants_fragment
from ictiger.pagecache.public_write import public_write

from .erasure import erase_account
from .forms import AddressForm, ProfileForm
from .models import User
from .takeout import takeout_json

no_store = cache_control(private=True, no_store=True)


@require_safe
@no_store
def bar(request: HttpRequest) -> HttpResponse:
    """The fragment that a public page fetches when the browser has the hint cookie."""
    return personal_fragment(request, "accounts/bar.html")


def personal_fragment(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """Render a part of a page without the context processors of whole pages: browsers fetch one with every
    page view.
    """
    base_context = {
        "request": request,
        "user": request.user,
        "messages": messages.get_messages(request),
        **csrf(request),
    }
    return HttpResponse(render_to_string(template, base_context | context))


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def verification_page(request: HttpRequest) -> HttpResponse:
    """GET shows the status of the address; POST takes `action=resend`, or `action=change` with `email`."""
    verification = addresses.verification_status(request.user)
    if request.method != "POST":
        return _show_status(request, verification)
    if verification is None:
        message = _("Nothing to do: your address is confirmed already.")
        return _show_status(request, verification, message)
    match request.POST.get("action"):
        case "resend":
            return _resend(request, verification)
        case "change":
            return _change_address(request, verification)
    message = _("This form was not complete. Nothing was changed.")
    return _show_status(request, verification, message, status=400)


def _resend(request: HttpRequest, verification: VerificationStatus) -> HttpResponse:
    limit = addresses.send_verification(verification.address, client=client_hash(request))
    return _show_limit(request, verification, limit) if limit else _show_new_status(request)


def _change_address(request: HttpRequest, verification: VerificationStatus) -> HttpResponse:
    """Change the address, unless it is the same (then send again), invalid, or over the limit of this network
    address.
    """
    form = AddressForm(request.user, request.POST)
    if request.POST.get("email", "").strip().lower() == verification.address.email:
        return _resend(request, verification)
    if not form.is_valid():
        return _show_status(request, verification, form=form)
    limit = check_client_limit(client_hash(request))
    if limit:
        return _show_limit(request, verification, limit, form=form)
    form.save(request)
    return _show_new_status(request)


def _show_limit(
    request: HttpRequest, verification: VerificationStatus, limit: RateLimit, form: AddressForm | None = None
) -> HttpResponse:
    response = _show_status(request, verification, limit.message, status=429, form=form)
    response.headers["Retry-After"] = str(limit.seconds)
    return response


def _show_new_status(request: HttpRequest) -> HttpResponse:
    """Show the status after a change: by a redirect to the page, or at once to the script that replaces the
    banner.
    """
    if not wants_fragment(request):
        return redirect("accounts:verification")
    user = User.objects.with_verification().get(pk=request.user.pk)
    return _show_status(request, addresses.verification_status(user))


def _show_status(
    request: HttpRequest,
    verification: VerificationStatus | None,
    message: str = "",
    *,
    status: int = 200,
    form: AddressForm | None = None,
) -> HttpResponse:
    """The page; or, for verification.js, the banner alone, and 204 when there is nothing left to verify."""
    context = {"verification": verification, "banner_message": message, "address_form": form}
    if not wants_fragment(request):
        context["address_form"] = form or AddressForm(request.user)  # on the page the form is always open
        return render(request, "accounts/verification.html", context, status=status)
    if verification is None:
        return HttpResponse(status=204)
    return render(request, "accounts/_banner.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    # A second instance: an invalid form leaves its values on it, while the bar shows request.user.
    user = User.objects.get(pk=request.user.pk)
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
def takeout(request: HttpRequest) -> StreamingHttpResponse:
    """Everything stored about the user as one JSON file, streamed because it may be long."""
    response = StreamingHttpResponse(takeout_json(request.user), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="ictiger-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
@reauthentication_required
def delete_account(request: HttpRequest) -> HttpResponse:
    """Erase the account, after the password was given once more. Not for staff: articles or decisions carry
    their name.
    """
    if request.method == "POST" and not request.user.is_staff:
        erase_account(User.objects.get(pk=request.user.pk))
        logout(request)
        messages.success(request, _("Your account has been deleted. Thank you for having been with us."))
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/user_delete.html", status=403 if request.method == "POST" else 200)

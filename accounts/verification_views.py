"""The verification page and its banner: send the mail again, or correct the address; and what a reader
answers when the mailbox has refused our mail.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.verification import addresses, refusals
from accounts.verification.addresses import VerificationStatus
from accounts.verification.limits import RateLimit, check_client_limit, client_hash
from ictiger.core.email_addresses import same_address
from ictiger.core.fragment_requests import wants_fragment

from .forms import AddressForm
from .models import User
from .views import no_store


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
    if same_address(request.POST.get("email", "")) == verification.address.email:
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
    """The page; or, for verification_banner.js, the banner alone, and 204 when nothing is left to verify."""
    context = {"verification": verification, "banner_message": message, "address_form": form}
    if not wants_fragment(request):
        context["address_form"] = form or AddressForm(request.user)  # on the page the form is always open
        return render(request, "accounts/verification.html", context, status=status)
    if verification is None:
        return HttpResponse(status=204)
    return render(request, "accounts/_banner.html", context, status=status)


@require_POST
@no_store
@login_required
def mail_works(request: HttpRequest) -> HttpResponse:
    """Send notices to the verified address again: the reader says that the mailbox takes mail."""
    refusals.clear_refusal(request.user)
    messages.success(request, _("We write to %(address)s again.") % {"address": request.user.email})
    return redirect("accounts:profile")

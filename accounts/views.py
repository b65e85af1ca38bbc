"""The personal fragment and the user's own pages. Those of the verification are in verification_views.py
and mail_link_views.py, all others are allauth's.
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

from ictiger.pagecache.public_write import public_write

from .erasure import erase_account
from .forms import ProfileForm
from .hooks import name_notes
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
def profile(request: HttpRequest) -> HttpResponse:
    # A second instance: an invalid form leaves its values on it, while the bar shows request.user.
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        with public_write(user):  # the name shows beside comments
            if not User.objects.filter(pk=user.pk).exists():  # public_write has locked the row, if it exists
                return redirect(settings.LOGIN_URL)
            form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    notes = [note for note_about in name_notes if (note := note_about(request.user))]
    return render(request, "accounts/profile.html", {"form": form, "name_notes": notes})


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

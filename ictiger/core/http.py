"""What views of several apps answer with: a header against caches, and the redirect to the log-in page."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

no_store = cache_control(private=True, no_store=True)  # decorates views whose pages are for one user


def login_redirect(request: HttpRequest) -> HttpResponse:
    """Redirect to the log-in page, which leads back to the requested URL."""
    return redirect_to_login(request.get_full_path())

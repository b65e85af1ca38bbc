"""All URLs of the site. English has no prefix, Chinese has the same paths below /zh-hans/.

`/healthz`, `/readyz` and `/status` are answered before routing: ictiger/health.py.
"""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.static import serve

urlpatterns = [
    path("", include("articles.urls_site")),
]

if settings.DEBUG:
    urlpatterns += [
        path("mailbox/", include("ictiger.mail.urls")),
        path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
    ]

# Admin pages of models that were renamed redirect to the lists of the new names.
MOVED_ADMIN_PAGES = {"house": "sitecommentsettings", "phrase": "blockedphrase"}


def redirect_to_list(request: HttpRequest, model: str, rest: str = "") -> HttpResponse:
    return redirect(f"admin:comments_{model}_changelist")


urlpatterns += i18n_patterns(
    *(
        path(f"admin/comments/{old}/{rest}", redirect_to_list, {"model": new})
        for old, new in MOVED_ADMIN_PAGES.items()
        for rest in ("", "<path:rest>")
    ),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("comments.urls")),
    path("", include("articles.urls")),  # last: it ends with /<page-slug>/
    prefix_default_language=False,
)

handler400 = "ictiger.error_views.bad_request"
handler403 = "ictiger.error_views.permission_denied"
handler404 = "ictiger.error_views.page_not_found"
handler500 = "ictiger.error_views.server_error"

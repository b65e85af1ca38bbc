"""Every address of the house. English has no prefix, Chinese is the same below /zh-hans/.

`/healthz`, `/readyz` and `/status` are answered before routing: ictiger/health.py.
"""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
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

urlpatterns += i18n_patterns(
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("comments.urls")),
    path("", include("articles.urls")),  # last: it ends with /<page-slug>/
    prefix_default_language=False,
)

handler400 = "ictiger.views.bad_request"
handler403 = "ictiger.views.permission_denied"
handler404 = "ictiger.views.page_not_found"
handler500 = "ictiger.views.server_error"

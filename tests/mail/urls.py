"""The site's URLs with the mailbox, as with DEBUG."""

from django.urls import include, path

from ictiger.urls import handler400, handler403, handler404, handler500  # noqa: F401
from ictiger.urls import urlpatterns as site_urlpatterns

urlpatterns = [path("mailbox/", include("ictiger.mail.urls")), *site_urlpatterns]

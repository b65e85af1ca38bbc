"""The house's addresses with the mailbox, as in DEBUG."""

from django.urls import include, path

from ictiger.urls import handler400, handler403, handler404, handler500  # noqa: F401
from ictiger.urls import urlpatterns as house

urlpatterns = [path("mailbox/", include("ictiger.mail.urls")), *house]

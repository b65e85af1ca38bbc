"""The URLs of accounts besides allauth's. Some take the place of allauth's view at the same path."""

from django.urls import path

from . import mail_link_views, verification_views, views

app_name = "accounts"
urlpatterns = [
    path("me/bar/", views.bar, name="bar"),
    path("accounts/verification/", verification_views.verification_page, name="verification"),
    path("accounts/me/", views.profile, name="profile"),
    path("accounts/me/data/", views.takeout, name="data"),
    path("accounts/me/delete/", views.delete_account, name="delete"),
    path("accounts/mail-works/", verification_views.mail_works, name="mail_works"),
    path("accounts/waiting/", mail_link_views.pending_content, name="waiting"),
    path("accounts/not-me/<str:key>/", mail_link_views.not_me, name="not_me"),
    # Instead of allauth's view at this path (`account_confirm_email`), which cannot tell a used link from an
    # expired one and silently logs out another user of the same browser.
    path("accounts/confirm-email/<str:key>/", mail_link_views.confirm_link, name="confirm"),
]

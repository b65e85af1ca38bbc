from django.urls import path

from . import verification_views, views

app_name = "accounts"
urlpatterns = [
    path("me/bar/", views.bar, name="bar"),
    path("accounts/verification/", views.verification_page, name="verification"),
    path("accounts/me/", views.profile, name="profile"),
    path("accounts/me/data/", views.takeout_view, name="data"),
    path("accounts/me/delete/", views.delete_account, name="delete"),
    path("accounts/waiting/", verification_views.pending_content, name="waiting"),
    path("accounts/not-me/<str:key>/", verification_views.not_me, name="not_me"),
    # In the place of allauth's view of the same path (`account_confirm_email`): it cannot tell a used link from an expired one, and it
    # signs another reader out of this browser without a word.
    path("accounts/confirm-email/<str:key>/", verification_views.confirm_link, name="confirm"),
]

from django.urls import path

from . import link_views, views

app_name = "accounts"
urlpatterns = [
    path("me/bar/", views.bar, name="bar"),
    path("accounts/verification/", views.verification_page, name="verification"),
    path("accounts/me/", views.profile, name="profile"),
    path("accounts/me/data/", views.data, name="data"),
    path("accounts/me/delete/", views.delete, name="delete"),
    path("accounts/waiting/", link_views.waiting, name="waiting"),
    path("accounts/not-me/<str:key>/", link_views.not_me, name="not_me"),
    # In the place of allauth's view of the same path (`account_confirm_email`): it cannot tell a used link from an expired one, and it
    # signs another reader out of this browser without a word.
    path("accounts/confirm-email/<str:key>/", link_views.confirm, name="confirm"),
]

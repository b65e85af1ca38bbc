"""Addresses of the discussion."""

from django.urls import path

import articles.urls  # noqa: F401  (registers the converter of slugs)

from . import feeds, views, views_arranged, views_mine, views_own, views_unsubscribe

app_name = "comments"
urlpatterns = [
    path("me/discussion/<int:article_id>/", views_own.me, name="me"),  # first: it is asked for most
    path("articles/<rawslug:slug>/comments/", views.post, name="post"),
    path("articles/<rawslug:slug>/comments/new/", views.new, name="new"),
    path("articles/<rawslug:slug>/comments/feed/", feeds.feed, name="feed"),
    path("articles/<rawslug:slug>/discussion/<int:number>/", views.discussion, name="discussion"),
    path("articles/<rawslug:slug>/discussion/", views_arranged.arranged, name="arranged"),
    path("articles/<rawslug:slug>/discussion/thread/<int:thread_no>/", views.thread, name="thread"),
    path("articles/<rawslug:slug>/discussion/thread/<int:thread_no>/<int:number>/", views.thread, name="thread_page"),
    path("comments/feed/", feeds.site_feed, name="site_feed"),
    path("comments/mine/", views_mine.mine, name="mine"),
    path("comments/waiting/<uuid:submission>/discard/", views_mine.discard, name="discard"),
    path("comments/<int:pk>/", views.permalink, name="permalink"),
    path("comments/<int:pk>/edit/", views_own.edit, name="edit"),
    path("comments/<int:pk>/mend/", views_own.mend, name="mend"),
    path("comments/<int:pk>/appeal/", views_own.appeal, name="appeal"),
    path("comments/<int:pk>/remove/", views_own.remove, name="remove"),
    path("comments/<int:pk>/unmute/", views_mine.unmute, name="unmute"),
    path("comments/<int:pk>/report/", views_own.report, name="report"),
    path("comments/unsubscribe/digest/<str:key>/", views_unsubscribe.unsubscribe_digest, name="unsubscribe_digest"),
    path("comments/unsubscribe/<str:key>/", views_unsubscribe.unsubscribe, name="unsubscribe"),
]

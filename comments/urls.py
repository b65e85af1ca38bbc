"""URLs of discussions and comments."""

from django.urls import path

import articles.urls  # noqa: F401  (registers the slug converter)
from comments.views import (
    compose,
    discussion,
    feeds,
    my_comments,
    own_comment,
    sorted_discussion,
    unsubscribe,
)

app_name = "comments"
urlpatterns = [
    # First, because signed-in browsers request it with every page view of an article.
    path("me/discussion/<int:article_id>/", discussion.personal_fragment, name="personal_fragment"),
    path("articles/<rawslug:slug>/comments/", compose.post, name="post"),
    path("articles/<rawslug:slug>/comments/new/", compose.new, name="new"),
    path("articles/<rawslug:slug>/comments/feed/", feeds.discussion_feed, name="feed"),
    path("articles/<rawslug:slug>/discussion/<int:number>/", discussion.discussion, name="discussion"),
    path(
        "articles/<rawslug:slug>/discussion/", sorted_discussion.sorted_discussion, name="sorted_discussion"
    ),
    path("articles/<rawslug:slug>/discussion/thread/<int:thread_no>/", discussion.thread, name="thread"),
    path(
        "articles/<rawslug:slug>/discussion/thread/<int:thread_no>/<int:number>/",
        discussion.thread,
        name="thread_page",
    ),
    path("comments/feed/", feeds.site_comment_feed, name="site_feed"),
    path("comments/mine/", my_comments.my_comments, name="my_comments"),
    path("comments/waiting/<uuid:submission>/discard/", my_comments.discard, name="discard"),
    path("comments/<int:pk>/", discussion.permalink, name="permalink"),
    path("comments/<int:pk>/edit/", own_comment.edit, name="edit"),
    path("comments/<int:pk>/mend/", own_comment.revise, name="revise"),
    path("comments/<int:pk>/appeal/", own_comment.appeal, name="appeal"),
    path("comments/<int:pk>/remove/", own_comment.remove, name="remove"),
    path("comments/<int:pk>/unmute/", my_comments.unmute, name="unmute"),
    path("comments/<int:pk>/report/", own_comment.report, name="report"),
    path("comments/unsubscribe/digest/<str:key>/", unsubscribe.unsubscribe_digest, name="unsubscribe_digest"),
    path("comments/unsubscribe/<str:key>/", unsubscribe.unsubscribe, name="unsubscribe"),
]

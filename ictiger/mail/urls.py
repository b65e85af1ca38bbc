"""`/mailbox/`, which exists with DEBUG only."""

from django.urls import path

from . import views

app_name = "mail"
urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<slug:file>/<int:number>/", views.mail_detail, name="detail"),
    path("<slug:file>/<int:number>/html/", views.mail_html, name="html"),
]

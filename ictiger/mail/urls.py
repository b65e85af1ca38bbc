"""`/mailbox/`: part of the house in DEBUG alone."""

from django.urls import path

from . import views

app_name = "mail"
urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<slug:file>/<int:number>/", views.mail_detail, name="letter"),
    path("<slug:file>/<int:number>/html/", views.mail_html, name="letter_html"),
]

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "ictiger.mail"
    label = "mail"

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "ictiger.delivery"
    label = "delivery"

"""The WSGI application that `manage.py serve` runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ictiger.settings")

django_application = get_wsgi_application()

from ictiger.delivery.wrapper import wrap  # noqa: E402  (it reads the settings)

application = wrap(django_application)

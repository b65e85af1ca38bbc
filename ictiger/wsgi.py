"""The WSGI application that `manage.py serve` runs."""

import gc
import os
from collections.abc import Callable, Iterable

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ictiger.settings")


def without_encoded_type(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Drop a Content-Type with an encoded parameter (RFC 2231: `x*=charset''…`), which no browser sends.

    Django parses the header before there is a request, outside all middleware and error pages: an unknown
    charset in it would end as a bare 500.
    """

    def sanitized(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = ""
        return application(environ, start_response)

    return sanitized


django_application = without_encoded_type(get_wsgi_application())

from ictiger.pagecache.wsgi import wrap_application  # noqa: E402  (it reads the settings)

application = wrap_application(django_application)

# What is loaded by now lives as long as the process. Without this the garbage collector would scan all of it
# again and again while requests wait.
gc.collect()
gc.freeze()

"""The WSGI application that `manage.py serve` runs."""

import gc
import os
from collections.abc import Callable, Iterable

from django.core.wsgi import get_wsgi_application

from ictiger.core.malloc import tune_malloc

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ictiger.settings")


def without_encoded_type(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Forget a Content-Type with an encoded parameter (RFC 2231: `x*=charset''…`), which no browser sends.

    Django reads the header before it has a request, where no middleware and no error page is: an unknown charset in it ends as a bare 500.
    """

    def read(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = ""
        return application(environ, start_response)

    return read


tune_malloc()
django_application = without_encoded_type(get_wsgi_application())

from ictiger.pagecache.wsgi import wrap_application  # noqa: E402  (it reads the settings)

application = wrap_application(django_application)

# What is loaded by now lives as long as the process: the collector would go through all of it again and again, and everybody waits for it.
gc.collect()
gc.freeze()

"""A site behind its page store, requested without a network. Counts how often Django is entered."""

from io import BytesIO
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIHandler

from ictiger.pagecache.store import Store
from ictiger.pagecache.wsgi import PageWrapper


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class NoSweeper:
    """In place of the sweeper, whose tests use threads."""

    def wait_for_first(self, timeout: float) -> bool:
        return True


class Site:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.entered: list[dict] = []
        self.django = WSGIHandler()
        self.wrapper = PageWrapper(self._django, store)
        self.wrapper.sweeper = NoSweeper()

    def _django(self, environ, start_response):
        self.entered.append(environ)
        return self.django(environ, start_response)

    def get(
        self, path: str, method: str = "GET", *, past_store: bool = False, raw: bool = False, **environ: str
    ) -> Response:
        """`raw`: the path is what a WSGI server passes, latin-1 for bytes. `environ`: HTTP_… and the like."""
        request = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path if raw else path.encode().decode("latin-1"),
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "testserver",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        } | environ
        request = {name: value for name, value in request.items() if value is not None}
        started = []
        body = (self.django if past_store else self.wrapper)(request, lambda *args: started.append(args))
        content = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        return Response(int(started[-1][0][:3]), dict(started[-1][1]), content)


def personal(get_response):
    """A middleware that makes every response personal."""

    def middleware(request):
        response = get_response(request)
        if request.META["SERVER_SOFTWARE"] == "Vary":
            response["Vary"] = "Cookie"
        else:
            response.set_cookie("who", "you")
        return response

    return middleware

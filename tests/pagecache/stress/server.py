"""`python -m tests.pagecache.stress.server [--init]`: serve on a free port and print it, or make the data."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 100


class QuietRequestHandler(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


def make_data() -> None:
    from ictiger.pagecache.public_write import public_write

    from .models import Note

    call_command("migrate", run_syncdb=True, verbosity=0)
    with public_write() as write:
        for slug in "abc":
            write.touch(Note.objects.create(slug=slug))


def serve() -> None:
    from ictiger.pagecache.wsgi import wrap_application

    with make_server("127.0.0.1", 0, wrap_application(WSGIHandler()), Server, QuietRequestHandler) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    django.setup()
    make_data() if "--init" in sys.argv else serve()

"""`python -m tests.delivery.stress.server [--init]`: serves on a free port, which it prints."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 100


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


def make_data() -> None:
    from ictiger.delivery.change import change
    from tests.delivery.stress.models import Note

    call_command("migrate", run_syncdb=True, verbosity=0)
    with change() as this:
        for slug in "abc":
            this.touch(Note.objects.create(slug=slug))


def serve() -> None:
    from ictiger.delivery.wrapper import wrap

    with make_server("127.0.0.1", 0, wrap(WSGIHandler()), Server, Quiet) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    django.setup()
    make_data() if "--init" in sys.argv else serve()

"""`manage.py deploy`: prints what the machine around ICTiger needs, made from the settings."""

from argparse import ArgumentParser
from dataclasses import fields
from difflib import unified_diff
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ictiger.deploy.conf import CannotBeWritten, Site, render
from ictiger.deploy.errors import write_error_pages

ABOUT = {
    "live": "folder that `serve --live` is told",
    "app": "where ICTiger listens, if not there: unix:/path/of/a.sock or host:port",
    "pages": "folder of the stored pages, if not there",
    "listen": "address to listen on (all of them)",
    "http_port": "port of plain HTTP, which leads to HTTPS",
    "https_port": "port of HTTPS",
    "certificate": "file of the certificate and those it hangs on (where certbot puts it)",
    "key": "file of the certificate's key (where certbot puts it)",
    "logs": "folder of the log",
    "mime_types": "nginx's list of types",
    "writes": "writes per second for each client's address",
    "writes_burst": "how many may come at once",
    "logins": "log-ins and the like per second for each client's address",
    "logins_burst": "how many may come at once",
    "connections": "connections for each client's address",
}


class Command(BaseCommand):
    help = "Prints nginx's configuration for this release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="nginx|errors")
        nginx = actions.add_parser("nginx", help="print nginx's site file")
        nginx.add_argument("--check", metavar="FILE", type=Path, help="say what would change in this file instead; fail if anything")
        for field in fields(Site):
            self._add_option(nginx, field)
        actions.add_parser("errors", help="write the pages that nginx shows by itself; `serve` does so too")

    def _add_option(self, parser: ArgumentParser, field) -> None:
        option = "--" + field.name.replace("_", "-")
        if field.name == "tls":
            parser.add_argument("--no-tls", dest="tls", action="store_false", help="something before nginx ends TLS")
        else:
            meaning = ABOUT[field.name] + (f" (default: {field.default})" if field.default else "")
            parser.add_argument(option, type=type(field.default), default=field.default, help=meaning)

    def handle(self, *, action: str, **options) -> None:
        if action == "errors":
            self.stdout.write(str(write_error_pages()))
            return
        check = options.pop("check")
        try:
            text = render(Site(**{field.name: options[field.name] for field in fields(Site)}))
        except CannotBeWritten as error:
            raise CommandError(str(error)) from None
        if check is None:
            self.stdout.write(text, ending="")
        else:
            self._compare(check, text)

    def _compare(self, installed: Path, text: str) -> None:
        try:
            old = installed.read_text()
        except OSError as error:
            raise CommandError(f"{installed} cannot be read: {error.strerror}") from None
        if old != text:
            changes = unified_diff(old.splitlines(True), text.splitlines(True), str(installed), "this release")
            raise CommandError("nginx needs another configuration:\n" + "".join(changes))
        self.stdout.write(f"{installed} is right for this release.")

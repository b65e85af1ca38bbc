"""`manage.py deploy`: nginx's configuration and error pages, and what an upgrade has to check or wait for."""

from argparse import ArgumentParser
from dataclasses import fields
from difflib import unified_diff
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from articles.rerender import outdated_remark
from ictiger.ops.error_pages import write_error_pages
from ictiger.ops.live import wait_until_live
from ictiger.ops.migration_check import incompatible_operations
from ictiger.ops.nginx_conf import NginxSite, given_options, render_conf, site_options
from ictiger.ops.nginx_values import InvalidNginxValue

HELP = {
    "live": "folder that `serve --live` is told",
    "app": "where ICTiger listens, if not there: unix:/path/of/a.sock or host:port",
    "pages": "folder of the stored pages, if not there",
    "listen": "address to listen on (all of them)",
    "http_port": "port of plain HTTP, which leads to HTTPS",
    "https_port": "port of HTTPS",
    "behind": "address or network of a proxy before nginx, which is believed in who asks (X-Forwarded-For)",
    "certificate": "file of the certificate and those it hangs on (where certbot puts it)",
    "key": "file of the certificate's key (where certbot puts it)",
    "challenges": "folder in which certbot --webroot answers for a certificate",
    "logs": "folder of the log",
    "mime_types": "nginx's list of types",
    "writes": "writes per second for each client's address",
    "writes_burst": "how many may come at once",
    "logins": "log-ins and the like per second for each client's address",
    "logins_burst": "how many may come at once",
    "connections": "connections for each client's address",
}


class Command(BaseCommand):
    help = "What the machine around this release needs. How to use it: ictiger/ops/README.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="nginx|errors|migrations|wait")
        nginx = actions.add_parser("nginx", help="print nginx's site file")
        nginx.add_argument(
            "--check",
            metavar="FILE",
            type=Path,
            help="say what would change in this file instead; fail if anything",
        )
        add_options(nginx)
        actions.add_parser("errors", help="write the pages that nginx shows by itself; `serve` does so too")
        actions.add_parser(
            "migrations",
            help="say what of the pending migrations the release that runs may stumble over; "
            "fail if anything",
        )
        wait = actions.add_parser(
            "wait", help="wait until a server of this release is live; fail if none is in time"
        )
        wait.add_argument(
            "--live", default=NginxSite.live, help="folder that `serve --live` is told (default: %(default)s)"
        )
        wait.add_argument(
            "--within", type=float, default=60.0, metavar="SECONDS", help="(default: %(default)s)"
        )

    def handle(self, *, action: str, **options) -> None:
        getattr(self, f"_{action}")(options)

    def _errors(self, options: dict) -> None:
        self.stdout.write(str(write_error_pages()))

    def _migrations(self, options: dict) -> None:
        if operations := list(incompatible_operations()):
            raise CommandError("The release that runs may stumble over:\n  " + "\n  ".join(operations))
        self.stdout.write("Nothing that the release that runs could stumble over.")

    def _wait(self, options: dict) -> None:
        if not wait_until_live(options["live"], options["within"]):
            raise CommandError(
                f"No server of this release is live in {options['live']}: readers stay with the one before."
            )
        self.stdout.write("This release is live.")
        if remark := outdated_remark():
            self.stdout.write(remark)

    def _nginx(self, options: dict) -> None:
        site = NginxSite(**{field.name: options[field.name] for field in fields(NginxSite)})
        if options["check"] is None:
            self.stdout.write(self._rendered(site), ending="")
        else:
            self._compare(options["check"], site)

    def _rendered(self, site: NginxSite) -> str:
        try:
            return render_conf(site)
        except InvalidNginxValue as error:
            raise CommandError(str(error)) from None

    def _compare(self, installed: Path, site: NginxSite) -> None:
        """Compare the installed file with a new one.

        Options given now override those that it was printed with.
        """
        try:
            old = installed.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{installed} cannot be read: {error}") from None
        options = [*given_options(old), *site_options(site)]
        text = self._rendered(read_options(options))
        if old != text:
            changes = unified_diff(
                old.splitlines(True), text.splitlines(True), str(installed), "this release"
            )
            command = " ".join(["manage.py deploy nginx", *site_options(read_options(options))])
            raise CommandError(
                f"nginx needs another configuration; `{command}` prints it:\n" + "".join(changes)
            )
        self.stdout.write(f"{installed} is right for this release.")


def add_options(parser: ArgumentParser) -> None:
    """Add an option for each field of NginxSite."""
    for field in fields(NginxSite):
        if field.name == "tls":
            parser.add_argument(
                "--no-tls",
                dest="tls",
                action="store_false",
                help="something before nginx ends TLS: name it with --behind",
            )
        else:
            help_text = HELP[field.name] + (f" (default: {field.default})" if field.default else "")
            parser.add_argument(
                f"--{field.name.replace('_', '-')}",
                type=type(field.default),
                default=field.default,
                help=help_text,
            )


def read_options(options: list[str]) -> NginxSite:
    """Return the site of these options. Options that this release does not have are ignored."""
    parser = ArgumentParser()
    add_options(parser)
    return NginxSite(**vars(parser.parse_known_args(options)[0]))

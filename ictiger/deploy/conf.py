"""nginx's configuration, rendered from nginx/*.conf here and from the settings: what both say is said once."""

import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, Engine

from ictiger.delivery.headers import TYPES, page_headers, safety_headers

from .live import CURRENT, PAGES_NAME, SOCKET_NAME

SOURCES = Path(__file__).parent / "nginx"
# The paths of ictiger/delivery/store.py's STORABLE, as nginx's regular expressions have it.
STORABLE = r"^/(?:[^/.\x00-\x20\x7f%\x5c]+/)*$"
TOLD = "# Options that it was printed with: "  # a line of the file, from which `--check` takes them
UNSAFE = re.compile(r"""[\s;{}"'\\$]""")


class CannotBeWritten(ValueError):
    """A value that would mean something else in nginx's configuration."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """What nginx has to know. Folders by their whole paths; limits for each client's address."""

    live: str = "/run/ictiger"  # what `serve --live` is told; the two below follow from it
    pages: str = ""  # where the live release keeps its pages
    app: str = ""  # where it listens: unix:/path/of/a.sock or host:port
    listen: str = ""  # an address; empty: all of them
    http_port: int = 80
    https_port: int = 443
    tls: bool = True  # where SITE_URL is https; False: something before nginx ends TLS, and nothing else can reach nginx
    certificate: str = ""
    key: str = ""
    challenges: str = "/var/www/html"
    logs: str = "/var/log/nginx"
    mime_types: str = "/etc/nginx/mime.types"
    writes: int = 5  # a second; more wait their turn no longer than the burst allows
    writes_burst: int = 50
    logins: int = 1
    logins_burst: int = 20
    connections: int = 100


def render(site: Site) -> str:
    """The site file of nginx, for the release whose settings these are. CannotBeWritten: a path or a host is none for nginx."""
    url = urlsplit(settings.SITE_URL)
    secure = url.scheme == "https"
    told = {name: _plain(name, str(value)) for name, value in asdict(site).items() if name != "tls"}
    current = f"{told['live']}/{CURRENT}"
    found = {
        "app": told["app"] or f"unix:{current}/{SOCKET_NAME}",
        "pages": told["pages"] or f"{current}/{PAGES_NAME}",
        "certificate": told["certificate"] or f"/etc/letsencrypt/live/{url.hostname}/fullchain.pem",
        "key": told["key"] or f"/etc/letsencrypt/live/{url.hostname}/privkey.pem",
    }
    context = (
        told
        | found
        | {
            "told": f"{TOLD}{' '.join(options_of(site)) or 'none'}",
            "tls": secure and site.tls,
            "scheme": "https" if secure else "http",
            "site_url": settings.SITE_URL,
            "names": " ".join(_names(url.hostname)),
            "plain_addresses": _addresses(site.listen, site.http_port),
            "tls_addresses": _addresses(site.listen, site.https_port),
            "language": settings.LANGUAGE_CODE,
            "prefixes": [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE],
            "storable": STORABLE,
            "types": [(ending.decode(), type_) for ending, type_ in TYPES.items()],
            "headers": [(name, _quoted(name, value)) for name, value in page_headers(b"/", secure=secure) if name != "Content-Language"],
            "safety": [(name, _quoted(name, value)) for name, value in safety_headers(secure)],
            "static": _plain("STATIC_ROOT", str(settings.STATIC_ROOT)),
            "media": _plain("MEDIA_ROOT", str(settings.MEDIA_ROOT)),
            "static_url": settings.STATIC_URL,
            "media_url": settings.MEDIA_URL,
            "body": settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 500_000,  # ICTiger's own refusal, which gives the text back, comes first
            "desk_body": settings.LARGEST_BODY + 1_000_000,
        }
    )
    return Engine(dirs=[str(SOURCES)], autoescape=False).get_template("site.conf").render(Context(context, autoescape=False))


def options_of(site: Site) -> list[str]:
    """The options of `manage.py deploy nginx` that ask for this site: those that are not as they would be anyway."""
    changed = {field.name: getattr(site, field.name) for field in fields(site) if getattr(site, field.name) != field.default}
    return ["--no-tls" if name == "tls" else f"--{name.replace('_', '-')}={value}" for name, value in changed.items()]


def options_told(text: str) -> list[str]:
    """The options that a site file says it was printed with; none of a file that was not printed by us."""
    line = next((line for line in text.splitlines() if line.startswith(TOLD)), TOLD)
    return [option for option in line.removeprefix(TOLD).split() if option.startswith("--")]


def _addresses(host: str, port: int) -> list[str]:
    return [f"{host}:{port}"] if host else [str(port), f"[::]:{port}"]


def _names(domain: str | None) -> list[str]:
    """The hosts that are ours, SITE_URL's first."""
    others = [host for host in settings.ALLOWED_HOSTS if host != domain]
    if "*" in others:
        raise CannotBeWritten("ALLOWED_HOSTS is *: name the hosts that readers use.")
    return [_plain("ALLOWED_HOSTS", name.strip("[]")) for name in [domain or "", *others]]


def _plain(name: str, value: str) -> str:
    if UNSAFE.search(value):
        raise CannotBeWritten(f"{name} is {value!r}: nginx would read it otherwise. Use a name without spaces, quotes and ;{{}}$.")
    return value


def _quoted(name: str, value: str) -> str:
    """A header's value as nginx takes it. A variable in it would be filled in."""
    if "$" in value or "\n" in value:
        raise CannotBeWritten(f"nginx cannot send {name}: {value!r} as it is.")
    if name == "Content-Security-Policy":
        value = "; ".join(sorted(value.split("; ")))  # django-csp has no order, and the file should be the same each time
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

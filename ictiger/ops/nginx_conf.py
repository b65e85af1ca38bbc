"""nginx's configuration, rendered from the templates in nginx/ and the settings that both must agree on."""

from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, Engine

from ictiger.pagecache.headers import CONTENT_TYPES, page_headers, security_headers

from .live import CURRENT, PAGES_NAME, SOCKET_NAME
from .nginx_values import InvalidNginxValue, host, listen_addresses, network, number, path, quoted, server

SOURCES = Path(__file__).parent / "nginx"
# The paths of STORABLE in ictiger/pagecache/pages.py, as a regular expression of nginx; the limits of length
# are left to the file system.
STORABLE = r"^/(?:[^/.\x00-\x20\x7f%\x5c]+/)*$"
OPTIONS_LINE = "# Options that it was printed with: "  # `deploy nginx --check` reads them from the file
LAST_PORT = MAX_CONNECTIONS = 65535  # nginx's limits
LARGEST_BODY = 10**12  # bytes
MAX_DEFAULT_HOST_LENGTH = 46  # characters that fit into nginx's default hash bucket of 64 bytes


@dataclass(frozen=True, kw_only=True)
class NginxSite:
    """The options of the site file. Folders are absolute paths; limits are per client address."""

    live: str = "/run/ictiger"  # that of `serve --live`; `pages` and `app` are below it by default
    pages: str = ""  # folder of the stored pages
    app: str = ""  # where the server listens: unix:/path/of/a.sock or host:port
    listen: str = ""  # an address; "": all of them
    http_port: int = 80
    https_port: int = 443
    # If SITE_URL is https. False: a proxy in front of nginx ends TLS, and clients cannot reach nginx past it.
    tls: bool = True
    behind: str = ""  # address or network of that proxy
    certificate: str = ""
    key: str = ""
    challenges: str = "/var/www/html"
    logs: str = "/var/log/nginx"
    mime_types: str = "/etc/nginx/mime.types"
    writes: int = 5  # a second; as many as the burst may wait for their turn
    writes_burst: int = 50
    logins: int = 1
    logins_burst: int = 20
    connections: int = 100


def render_conf(site: NginxSite) -> str:
    """Render nginx's site file from `site` and this release's settings.

    Raises InvalidNginxValue when nginx would misread one of the values.
    """
    url = urlsplit(settings.SITE_URL)
    secure = url.scheme == "https"
    names = _server_names(url.hostname)
    context = (
        _locations(site, names[0])
        | _limits(site)
        | _headers(secure)
        | {
            "options": f"{OPTIONS_LINE}{' '.join(site_options(site)) or 'none'}",
            "tls": secure and site.tls,
            "scheme": "https" if secure else "http",
            "site_url": f"{url.scheme}://{names[0]}" + (f":{url.port}" if url.port else ""),
            "names": " ".join(names),
            "has_long_name": max(map(len, names)) > MAX_DEFAULT_HOST_LENGTH,
            "roomy": MAX_DEFAULT_HOST_LENGTH,
            "plain_addresses": listen_addresses(
                "--listen", site.listen, number("--http-port", site.http_port, most=LAST_PORT)
            ),
            "tls_addresses": listen_addresses(
                "--listen", site.listen, number("--https-port", site.https_port, most=LAST_PORT)
            ),
            "behind": network("--behind", site.behind),
            "language": settings.LANGUAGE_CODE,
            "prefixes": [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE],
            "storable": STORABLE,
            "types": [(ending.decode(), type_) for ending, type_ in CONTENT_TYPES.items()],
            "static_url": settings.STATIC_URL,
            "media_url": settings.MEDIA_URL,
        }
    )
    return (
        Engine(dirs=[str(SOURCES)], autoescape=False)
        .get_template("site.conf")
        .render(Context(context, autoescape=False))
    )


def site_options(site: NginxSite) -> list[str]:
    """Return the options of `manage.py deploy nginx` for this site, without those that have the default
    value.
    """
    changed = {
        field.name: getattr(site, field.name)
        for field in fields(site)
        if getattr(site, field.name) != field.default
    }
    return [
        "--no-tls" if name == "tls" else f"--{name.replace('_', '-')}={value}"
        for name, value in changed.items()
    ]


def given_options(text: str) -> list[str]:
    """Return the options that a site file was printed with; none for a file that this command did not
    print.
    """
    line = next((line for line in text.splitlines() if line.startswith(OPTIONS_LINE)), OPTIONS_LINE)
    return [option for option in line.removeprefix(OPTIONS_LINE).split() if option.startswith("--")]


def _locations(site: NginxSite, host_name: str) -> dict[str, str]:
    """Return the folders and files, and where ICTiger listens."""
    current = f"{path('--live', site.live)}/{CURRENT}"
    certificates = f"/etc/letsencrypt/live/{host_name.strip('[]')}"
    return {
        "app": server("--app", site.app or f"unix:{current}/{SOCKET_NAME}"),
        "pages": path("--pages", site.pages or f"{current}/{PAGES_NAME}"),
        "certificate": path("--certificate", site.certificate or f"{certificates}/fullchain.pem"),
        "key": path("--key", site.key or f"{certificates}/privkey.pem"),
        "challenges": path("--challenges", site.challenges),
        "logs": path("--logs", site.logs),
        "mime_types": path("--mime-types", site.mime_types),
        "static": path("STATIC_ROOT", str(settings.STATIC_ROOT)),
        "media": path("MEDIA_ROOT", str(settings.MEDIA_ROOT)),
    }


def _limits(site: NginxSite) -> dict[str, int]:
    rates = ("writes", "writes_burst", "logins", "logins_burst")
    return {name: number(f"--{name.replace('_', '-')}", getattr(site, name)) for name in rates} | {
        "connections": number("--connections", site.connections, most=MAX_CONNECTIONS),
        # ICTiger's own refusal, which gives the text back, comes first.
        "body": number("DATA_UPLOAD_MAX_MEMORY_SIZE", settings.DATA_UPLOAD_MAX_MEMORY_SIZE, most=LARGEST_BODY)
        + 500_000,
        "desk_body": number("LARGEST_BODY", settings.LARGEST_BODY, most=LARGEST_BODY) + 1_000_000,
    }


def _headers(secure: bool) -> dict[str, list[tuple[str, str]]]:
    page, safety = page_headers(b"/", secure=secure), security_headers(secure)
    return {
        "headers": [
            (name, quoted(name, _ordered(name, value))) for name, value in page if name != "Content-Language"
        ],
        "safety": [(name, quoted(name, _ordered(name, value))) for name, value in safety],
    }


def _ordered(name: str, value: str) -> str:
    """Sort the directives of a policy: django-csp gives them in no order, and the file should not change by
    that.
    """
    return "; ".join(sorted(value.split("; "))) if name == "Content-Security-Policy" else value


def _server_names(domain: str | None) -> list[str]:
    """Return the hosts of SITE_URL and ALLOWED_HOSTS, SITE_URL's first."""
    if "*" in settings.ALLOWED_HOSTS:
        raise InvalidNginxValue("ALLOWED_HOSTS", "*", "name the hosts that readers use.")
    others = [host("ALLOWED_HOSTS", allowed) for allowed in settings.ALLOWED_HOSTS]
    return list(dict.fromkeys([host("SITE_URL's host", domain or ""), *others]))

"""nginx's site file: the values that are refused, and `deploy nginx --check` of an installed file."""

import http.client
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ictiger.ops.nginx_conf import STORABLE, NginxSite, render_conf
from ictiger.ops.nginx_values import InvalidNginxValue, quoted
from ictiger.pagecache.pages import is_storable_path
from ictiger.testbed import nginx
from ictiger.testbed.site import free_port


def print_site(*options: str) -> str:
    out = StringIO()
    call_command("deploy", "nginx", *options, stdout=out)
    return out.getvalue()


def status_for_host(host: str, port: int) -> int | None:
    """Return the status of a request with this Host; None when nginx closes the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/static/errors/", headers={"Host": host})
        return connection.getresponse().status
    except http.client.RemoteDisconnected:
        return None
    finally:
        connection.close()


def test_installed_file_is_compared_with_the_settings(settings, tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text(print_site())
    assert "is right for this release" in print_site(f"--check={installed}")
    settings.ALLOWED_HOSTS = ["testserver", "www.example.org"]
    with pytest.raises(CommandError, match=r"\+    server_name testserver www\.example\.org;"):
        print_site(f"--check={installed}")


def test_check_uses_the_options_that_the_file_was_printed_with(tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text(
        print_site("--certificate=/etc/ssl/a.pem", "--key=/etc/ssl/a.key", "--connections=7", "--no-tls")
    )
    assert "is right for this release" in print_site(f"--check={installed}")
    with pytest.raises(
        CommandError,
        match=r"`manage\.py deploy nginx --no-tls --certificate=\S+ --key=\S+ --connections=9` prints it",
    ) as error:
        print_site(f"--check={installed}", "--connections=9")
    assert "+    limit_conn ictiger_clients 9;" in str(error.value)


def test_file_without_options_is_compared_with_the_defaults(tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text("# by hand\n")
    with pytest.raises(CommandError, match=r"`manage\.py deploy nginx` prints it"):
        print_site(f"--check={installed}")


def test_same_settings_give_the_same_file():
    assert print_site() == print_site()


# What nginx would read as an end, a block, a variable, a quote, a comment, a pattern, or another folder.
HOSTILE = [
    "/srv/a b", "/srv/a;load_module x", "/srv/a\n}", "/srv/a\tb", "/srv/$uri", "/srv/{a}", '/srv/"a"',
    "/srv/'a'", "/srv/a\\", "/srv/#a",
    "/srv/*", "/srv/[a]", "/srv/a?", "/srv/a\x00", "/srv/a\x7f", "/srv/a\u2028b", "/srv/a\ud800", "srv/a",
    "./a", "~/a", " /srv/a", "off",
]  # fmt: skip


@pytest.mark.parametrize(
    "option", ["live", "pages", "logs", "mime_types", "certificate", "key", "challenges"]
)
@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_path_that_nginx_would_misread_is_refused(option, value):
    with pytest.raises(
        InvalidNginxValue,
        match=f"^--{option.replace('_', '-')} is .*(nginx would read it otherwise|the whole path)",
    ):
        render_conf(NginxSite(**{option: value}))


@pytest.mark.parametrize("folder", ["STATIC_ROOT", "MEDIA_ROOT"])
def test_folder_of_the_settings_is_checked_too(settings, folder):
    setattr(settings, folder, "/srv/a b")
    with pytest.raises(InvalidNginxValue, match=f"^{folder} is"):
        render_conf(NginxSite())


@pytest.mark.parametrize("value", [
    "app.sock", "unix:app.sock", "unix:/a;b", "unix:/a:b", "unix:/" + "a" * 107, "unix:/" + "文" * 36,
    "127.0.0.1",
    "127.0.0.1:", "a:b:1",
    "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:" + "9" * 30, "127.0.0.1:٣", "127.0.0.1:80 backup",
    "127.0.0.1:80;", "a;b:80", "$host:80",
    ".example.org:80", "[::1:80", "http://127.0.0.1:80", ":80",
], ids=ascii)  # fmt: skip
def test_application_that_nginx_would_not_find_is_refused(value):
    with pytest.raises(InvalidNginxValue, match=r"^--app is"):
        render_conf(NginxSite(app=value))


@pytest.mark.parametrize(
    "value", ["localhost", "0.0.0.0:80", "127.0.0.1;", "1.2.3", "fe80::1%eth0", "unix:/a", "*", " "]
)
def test_listen_address_that_is_none_is_refused(value):
    with pytest.raises(InvalidNginxValue, match=r"^--listen is"):
        render_conf(NginxSite(listen=value))


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("http_port", 0),
        ("https_port", 65536),
        ("writes", 0),
        ("writes_burst", -1),
        ("logins", 10**30),
        ("connections", 65536),
    ],
)
def test_limit_that_nginx_does_not_take_is_refused(limit, value):
    with pytest.raises(InvalidNginxValue, match=f"^--{limit.replace('_', '-')} is .*write a number"):
        render_conf(NginxSite(**{limit: value}))


@pytest.mark.parametrize("size", ["DATA_UPLOAD_MAX_MEMORY_SIZE", "LARGEST_BODY"])
@pytest.mark.parametrize("value", [None, 0, -500_000, "20m", 2.5])
def test_size_that_would_lift_nginx_limit_is_refused(settings, size, value):
    setattr(settings, size, value)
    with pytest.raises(InvalidNginxValue, match=f"^{size} is"):
        render_conf(NginxSite())


@pytest.mark.parametrize("value", [
    "a b", "a;b", "a{b", "~^.*$", "*.example.org", "example.*", "a$b", "bücher.example", "example.org:8080",
    "a..b", "", "a" * 254, "a\nb",
    '"a"', "[::1", "[fe80::1%eth0]", "[::1];",
], ids=ascii)  # fmt: skip
def test_host_that_nginx_would_misread_is_refused(settings, value):
    settings.ALLOWED_HOSTS = ["testserver", value]
    with pytest.raises(InvalidNginxValue, match=r"^ALLOWED_HOSTS is"):
        render_conf(NginxSite())


@pytest.mark.parametrize(
    "url", ["http://exa;mple.org", "http://$host", 'http://a"b', "http://a{b}", "http://*.org"]
)
def test_site_url_with_a_directive_is_refused(settings, url):
    settings.SITE_URL = url
    with pytest.raises(InvalidNginxValue, match=r"^SITE_URL's host is"):
        render_conf(NginxSite())


@pytest.mark.parametrize("value", ["a; $b", "a\nb", "a\rb", "a\x00b"])
def test_header_that_nginx_would_change_is_refused(value):
    with pytest.raises(InvalidNginxValue, match="cannot send this header"):
        quoted("X-Name", value)


@pytest.mark.parametrize(
    "value", ["nginx.internal", "192.0.2.1;", "192.0.2.1/24", "2001:db8::1%eth0", "unix:", " "]
)
def test_proxy_that_is_no_address_is_refused(value):
    with pytest.raises(InvalidNginxValue, match=r"^--behind is"):
        render_conf(NginxSite(behind=value))


def test_check_of_a_binary_file_is_refused(tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="cannot be read"):
        print_site(f"--check={installed}")


def test_nginx_accepts_values_that_are_not_refused(require_nginx, settings, tmp_path):
    """With non-ASCII folders, addresses as hosts, and a long host name."""
    folder = tmp_path / "a-b_c.d@e%f+g,h=i~j:k" / "文件"
    folder.mkdir(parents=True)
    settings.SITE_URL, settings.STATIC_ROOT, settings.MEDIA_ROOT = "http://[::1]:8000", folder, folder
    settings.ALLOWED_HOSTS = [
        "[::1]",
        "127.0.0.1",
        "LOCALHOST",
        ".example.org",
        f"{'a' * 60}.{'b' * 63}.example.org",
    ]
    port = free_port()
    site = NginxSite(pages=str(folder), logs=str(folder), app="[::1]:9", listen="127.0.0.1", http_port=port)
    with nginx.running_nginx(render_conf(site), port=port, processes=1):
        for host, status in (
            # Of the site, whose server has never run; any other status would be the refusal of the host.
            ("[::1]:8000", 503),
            ("localhost", 503),
            ("a.example.org", 503),
            ("[::2]", None),
        ):
            assert status_for_host(host, port) == status


def test_allowed_hosts_with_an_asterisk_is_refused(settings):
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(InvalidNginxValue, match="name the hosts"):
        render_conf(NginxSite())


@pytest.mark.parametrize(
    "path",
    ["/", "/a/", "/文/", "/a/b/", "/a", "/a.b/", "/a//", "//", "/a b/", "/a%/", "/a\\/", "/a\x7f/", "/./"],
)
def test_nginx_and_the_store_agree_on_storable_paths(path):
    assert bool(re.search(STORABLE.encode(), path.encode())) == is_storable_path(path.encode())

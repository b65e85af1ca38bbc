"""nginx's site file: what may stand in it, and whether the one that is installed is right."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ictiger.delivery.store import storable
from ictiger.deploy.conf import STORABLE, CannotBeWritten, Site, render


def printed(*options: str) -> str:
    out = StringIO()
    call_command("deploy", "nginx", *options, stdout=out)
    return out.getvalue()


def test_installed_file_is_held_against_the_settings(settings, tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text(printed())
    assert "is right for this release" in printed(f"--check={installed}")
    settings.ALLOWED_HOSTS = ["testserver", "www.example.org"]
    with pytest.raises(CommandError, match=r"\+    server_name testserver www\.example\.org;"):
        printed(f"--check={installed}")


def test_check_goes_by_the_options_that_the_file_was_printed_with(tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text(printed("--certificate=/etc/ssl/a.pem", "--key=/etc/ssl/a.key", "--connections=7", "--no-tls"))
    assert "is right for this release" in printed(f"--check={installed}")
    with pytest.raises(
        CommandError, match=r"`manage\.py deploy nginx --no-tls --certificate=\S+ --key=\S+ --connections=9` prints it"
    ) as wrong:
        printed(f"--check={installed}", "--connections=9")
    assert "+    limit_conn ictiger_clients 9;" in str(wrong.value)


def test_file_that_says_no_options_is_held_against_none(tmp_path):
    installed = tmp_path / "ictiger.conf"
    installed.write_text("# by hand\n")
    with pytest.raises(CommandError, match=r"`manage\.py deploy nginx` prints it"):
        printed(f"--check={installed}")


def test_same_settings_give_the_same_file():
    assert printed() == printed()


@pytest.mark.parametrize("path", ["/tmp/a b", "/tmp/a;b", "/tmp/$a", "/tmp/{a}", '/tmp/"a"'])
def test_path_that_nginx_would_read_otherwise_is_refused(path):
    with pytest.raises(CannotBeWritten, match="nginx would read it otherwise"):
        render(Site(live=path))


def test_any_host_is_no_host(settings):
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(CannotBeWritten, match="name the hosts"):
        render(Site())


@pytest.mark.parametrize("path", ["/", "/a/", "/文/", "/a/b/", "/a", "/a.b/", "/a//", "//", "/a b/", "/a%/", "/a\\/", "/a\x7f/", "/./"])
def test_nginx_looks_for_the_same_paths_as_the_store(path):
    assert bool(re.search(STORABLE.encode(), path.encode())) == storable(path.encode())

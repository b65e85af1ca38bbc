"""Wrong settings are explained by a system check, malformed ones by one line instead of a traceback."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches

from ictiger import checks, env
from ictiger.env import InvalidEnvironment

BASE_DIR = django_settings.BASE_DIR
PRODUCTION = {
    "SECRET_KEY": "k3y-" * 5 + "Zq9!" * 10,
    "ALLOWED_HOSTS": "review.example.org",
    "SITE_URL": "https://review.example.org",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "ICTiger <no-reply@review.example.org>",
    "TRUSTED_PROXY_COUNT": "1",
}


def message_ids(check) -> list[str]:
    return [message.id for message in check(None)]


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "ICTIGER_VAR")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=BASE_DIR,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_good_production_environment_passes_the_deploy_checks_in_silence():
    process = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("System check identified no issues")


@pytest.mark.parametrize(
    ("key", "expected"), [("", ["ictiger.E001"]), ("short", ["ictiger.W002"]), ("x" * 50, [])]
)
def test_secret_key(settings, key, expected):
    settings.SECRET_KEY = key
    assert message_ids(checks.check_secret_key) == expected


@pytest.mark.parametrize(
    ("debug", "hosts", "expected"),
    [
        (True, [], []),
        (True, ["127.0.0.1", "localhost", "[::1]", "blog.localhost"], []),
        (True, ["127.0.0.1", "example.org"], ["ictiger.E003"]),
        (True, ["*"], ["ictiger.E003"]),
        (False, ["example.org"], []),
        (False, [], ["ictiger.W004"]),
    ],
)
def test_hosts(settings, debug, hosts, expected):
    settings.DEBUG, settings.ALLOWED_HOSTS = debug, hosts
    assert message_ids(checks.check_hosts) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org", []),
        ("http://127.0.0.1:8000", []),
        ("example.org", ["ictiger.E005"]),
        ("ftp://example.org", ["ictiger.E005"]),
        ("https://", ["ictiger.E005"]),
        ("https://example.org/blog", ["ictiger.E006"]),
        ("https://example.org?x=1", ["ictiger.E006"]),
        ("https://user@example.org", ["ictiger.E006"]),
        ("https://[example.org", ["ictiger.E005"]),
        ("https://example.org:80x", ["ictiger.E005"]),
    ],
)
def test_site_url(settings, url, expected):
    settings.SITE_URL = url
    assert message_ids(checks.check_site_url) == expected


@pytest.mark.parametrize(
    ("hosts", "expected"), [(["example.org"], []), ([".example.org"], []), (["other.org"], ["ictiger.W007"])]
)
def test_site_url_is_an_allowed_host(settings, hosts, expected):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://example.org", hosts
    assert message_ids(checks.check_site_url_is_allowed) == expected


def test_psycopg_3_beside_psycopg2(monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: name)
    assert message_ids(checks.check_database) == ["ictiger.E009"]


@pytest.mark.parametrize(
    ("engine", "version", "expected"),
    [
        ("sqlite3", (3, 34, 1), ["ictiger.E020"]),
        ("sqlite3", (3, 35, 0), []),
        ("sqlite3", (4, 0, 0), []),
        ("postgresql", (3, 34, 1), []),
    ],
)
def test_sqlite_that_is_too_old_is_an_error(settings, monkeypatch, engine, version, expected):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", f"django.db.backends.{engine}")
    monkeypatch.setattr(checks.sqlite3, "sqlite_version_info", version)
    messages = list(checks.check_sqlite(None))
    assert [message.id for message in messages] == expected
    assert all("needs 3.35.0 or later" in message.msg for message in messages)


def test_sqlite_without_fts5_is_an_error(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    class ConnectionWithoutFTS5(sqlite3.Connection):
        def execute(self, statement: str):
            return super().execute(statement.replace("fts5", "no_such_module"))

    monkeypatch.setattr(checks.sqlite3, "connect", ConnectionWithoutFTS5)
    assert message_ids(checks.check_sqlite) == ["ictiger.E021"]


def test_languages_of_settings_are_those_of_the_database(settings):
    assert message_ids(checks.check_languages) == []
    settings.LANGUAGES = [*settings.LANGUAGES, ("fr", "Français")]
    assert message_ids(checks.check_languages) == ["ictiger.E022"]


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", ["ictiger.E010"]),
        ("django.core.cache.backends.dummy.DummyCache", ["ictiger.E010"]),
        ("django.core.cache.backends.redis.RedisCache", ["ictiger.E011"]),
        ("django.core.cache.backends.filebased.FileBasedCache", []),
    ],
)
def test_cache(settings, backend, expected, monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda _: None)
    settings.CACHES = {"default": {"BACKEND": backend}}
    assert message_ids(checks.check_cache) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("filebased", ["ictiger.W012"]), ("console", ["ictiger.W012"]), ("smtp", [])]
)
def test_mail_that_is_not_delivered(settings, kind, expected):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{kind}.EmailBackend"
    assert message_ids(checks.check_mail_is_delivered) == expected
    settings.DEBUG = True
    assert message_ids(checks.check_mail_is_delivered) == []


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("ICTiger <a@b.org>", []),
        ("a@b.org", []),
        ("ICTiger", ["ictiger.E013"]),
        ("ICTiger <a@>", ["ictiger.E013"]),
    ],
)
def test_sender(settings, sender, expected):
    settings.DEFAULT_FROM_EMAIL = sender
    assert message_ids(checks.check_sender) == expected


def test_sender_of_the_example_domain(settings):
    settings.DEFAULT_FROM_EMAIL = "ICTiger <no-reply@ictiger.example>"
    assert message_ids(checks.check_sender_is_not_the_example) == ["ictiger.W014"]


@pytest.mark.parametrize(
    ("store", "expected"),
    [("off", []), ("/srv/p", []), ("var/pages", ["ictiger.E015"]), ("on", ["ictiger.E015"])],
)
def test_page_store_is_one_folder_for_every_process(settings, store, expected):
    settings.PAGE_STORE = store
    assert message_ids(checks.check_page_store) == expected


@pytest.mark.parametrize(
    ("https", "count", "expected"), [(True, 0, ["ictiger.W017"]), (True, 1, []), (False, 0, [])]
)
def test_https_without_a_proxy(settings, https, count, expected):
    settings.HTTPS, settings.TRUSTED_PROXY_COUNT = https, count
    assert message_ids(checks.check_https_has_a_proxy) == expected


def test_negative_proxy_count(settings):
    settings.TRUSTED_PROXY_COUNT = -1
    assert message_ids(checks.check_proxies) == ["ictiger.E016"]


def test_var_that_cannot_be_written_to(settings):
    settings.VAR = Path("/proc/self/nothing")
    assert message_ids(checks.check_var) == ["ictiger.E018"]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (env.boolean, "flase"),
        (env.integer, "one"),
        (env.integer, "1.5"),
        (lambda name: env.database_settings(name, default=Path("x")), "garbage"),
        (lambda name: env.database_settings(name, default=Path("x")), "mysql://user@host/name"),
        (lambda name: env.database_settings(name, default=Path("x")), "postgres://user@host"),
        (lambda name: env.database_settings(name, default=Path("x")), "postgres://user@host:port/name"),
        (lambda name: env.cache_settings(name, default=Path("x")), "memory"),
        (lambda name: env.mail_settings(name, default=Path("x")), "mail.example.org"),
        (lambda name: env.mail_settings(name, default=Path("x")), "smtp+tls://"),
        (lambda name: env.mail_settings(name, default=Path("x")), "smtp+tls://host:port"),
        (lambda name: env.mail_settings(name, default=Path("x")), "smtps://host"),
        (lambda name: env.directory(name, default=Path("x")), "/proc/nowhere/var"),
        (lambda name: env.time_zone(name, default="UTC"), "Mars/Olympus"),
        (lambda name: env.time_zone(name, default="UTC"), "../../etc/passwd"),
        (lambda name: env.time_zone(name, default="UTC"), "Asia"),
    ],
)
def test_malformed_value_names_its_variable(monkeypatch, read, value):
    monkeypatch.setenv("THE_NAME", value)
    with pytest.raises(InvalidEnvironment, match=r"^ICTiger cannot start: THE_NAME "):
        read("THE_NAME")


def test_password_in_a_malformed_url_is_not_repeated(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://user:geheim@host:port/name")
    with pytest.raises(InvalidEnvironment) as caught:
        env.database_settings("DATABASE_URL", default=Path("x"))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, None, None)),
        ("smtp+tls://mail.example.org", ("mail.example.org", 587, True, None)),
        ("smtp+ssl://mail.example.org", ("mail.example.org", 465, None, True)),
        ("smtp+tls://mail.example.org:2525", ("mail.example.org", 2525, True, None)),
    ],
)
def test_mail_url(monkeypatch, url, expected):
    monkeypatch.setenv("EMAIL_URL", url)
    config = env.mail_settings("EMAIL_URL", default=Path("x"))
    assert (
        config["EMAIL_HOST"],
        config["EMAIL_PORT"],
        config.get("EMAIL_USE_TLS"),
        config.get("EMAIL_USE_SSL"),
    ) == expected
    assert config["EMAIL_BACKEND"] == "ictiger.mail.backend.EmailBackend"


def test_mail_url_keeps_special_characters_of_the_password_and_the_path(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://me%40example.org:p%2Fw%40%3A@host")
    config = env.mail_settings("EMAIL_URL", default=Path("x"))
    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("me@example.org", "p/w@:")
    monkeypatch.setenv("EMAIL_URL", "filemail:///srv/mail")
    assert env.mail_settings("EMAIL_URL", default=Path("x"))["EMAIL_FILE_PATH"] == "/srv/mail"


def test_malformed_environment_is_one_line_and_no_traceback():
    process = manage("migrate", SECRET_KEY="x", EMAIL_URL="garbage")
    assert process.returncode == 1
    assert process.stderr.startswith("ICTiger cannot start: EMAIL_URL cannot be read")
    assert process.stderr.count("\n") == 1


def test_every_variable_is_in_the_example_file():
    source = (BASE_DIR / "ictiger" / "settings.py").read_text(encoding="utf-8")
    variables = set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source))
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
    assert variables == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert {"SECRET_KEY", "EMAIL_URL", "ICTIGER_VAR"} <= variables


@pytest.mark.parametrize("url", ["", "filecache://{folder}"])
def test_cache_entry_outlives_a_thousand_others(monkeypatch, settings, tmp_path, url):
    monkeypatch.setenv("THE_NAME", url.format(folder=tmp_path))
    settings.CACHES = {"default": env.cache_settings("THE_NAME", default=tmp_path)}
    caches["default"].set("wrong-passwords", 5)
    for number in range(1_000):
        caches["default"].set(f"somebody-{number}", 1)
    assert caches["default"].get("wrong-passwords") == 5
    assert [caches["default"].get(f"somebody-{number}") for number in range(1_000)] == [1] * 1_000


PRINT_OPTIONS = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'])"


def test_silent_database_times_out_and_its_url_may_set_the_time(tmp_path):
    """The port accepts connections and sends nothing, as an overloaded machine does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://ictiger@127.0.0.1:{silent.getsockname()[1]}/ictiger"
        default = manage("migrate", "--check", **PRODUCTION, DATABASE_URL=url, ICTIGER_VAR=str(tmp_path))
        assert "timeout expired" in default.stderr
        overridden = manage(
            "shell",
            "-v0",
            "-c",
            PRINT_OPTIONS,
            **PRODUCTION,
            DATABASE_URL=f"{url}?connect_timeout=9",
            ICTIGER_VAR=str(tmp_path),
        )
    assert "'connect_timeout': 9" in overridden.stdout

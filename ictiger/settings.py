"""All settings, from the env.

Every variable is listed, with its meaning, in `.env.example`. A `.env` file beside `manage.py` is read when
it is there; the real environment takes precedence. `ictiger/env.py` refuses malformed values,
`ictiger/checks.py` explains unwise ones.
"""

from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF
from pythonjsonlogger.core import RESERVED_ATTRS

from . import env

BASE_DIR = Path(__file__).resolve().parent.parent

env.env.read_env(BASE_DIR / ".env")

# Read from the environment

VAR = env.directory("ICTIGER_VAR", default=BASE_DIR / "var")
SECRET_KEY = env.string("SECRET_KEY")  # no default: the check ictiger.E001 refuses to run without one
DEBUG = env.boolean("DEBUG")
ALLOWED_HOSTS = env.strings("ALLOWED_HOSTS")
SITE_URL = env.string("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
PAGE_CACHES = env.server_urls("PAGE_CACHES")
PAGE_STORE = env.string("PAGE_STORE", default="off" if DEBUG or PAGE_CACHES else str(VAR / "pages"))
# Called with the paths of changed pages after each commit: the purge of the page store, or of HTTP caches in
# front.
PAGE_CACHE_BACKENDS = (
    ["ictiger.pagecache.store.purge_store"]
    if PAGE_STORE != "off"
    else ["ictiger.pagecache.http_caches.purge_http_caches"]
    if PAGE_CACHES
    else []
)
PAGE_STORE_LIMIT = 2 * 1024**3  # bytes on disk; beyond them the least recently used pages are evicted
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT")
HTTPS = SITE_URL.startswith("https://")

# Apps, middleware, templates

INSTALLED_APPS = [
    "ictiger",
    "ictiger.core",
    "ictiger.pagecache",
    "ictiger.mail",
    "ictiger.ops",
    # Benchmarks and drills, only where the dev group is installed, whose packages they need.
    *(["ictiger.testbed"] if find_spec("aiosmtpd") else []),
    "accounts",
    "articles",
    "comments",
    "ictiger.apps.IctigerAdminConfig",  # django.contrib.admin with our site class
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.forms",  # FORM_RENDERER finds its templates here
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "simple_history",
]

MIDDLEWARE = [
    "ictiger.core.request_log.RequestLogMiddleware",
    "ictiger.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ictiger.middleware.ContentPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.PersonalCacheControlMiddleware",
    "accounts.middleware.HintCookieMiddleware",
    "comments.middleware.DraftCookieMiddleware",
    "ictiger.middleware.PathLanguageMiddleware",
    "ictiger.middleware.ErrorPagesMiddleware",
    "ictiger.middleware.AppendSlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "ictiger.urls"
WSGI_APPLICATION = "ictiger.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "articles.context_processors.publication_context",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "ictiger"
CRISPY_TEMPLATE_PACK = "ictiger"

# Database and cache

DATABASES = {"default": env.database_settings("DATABASE_URL", default=VAR / "ictiger.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock before the first read of a transaction. With the default, two writers
    # that have both read fail at once with "database is locked", however long the time-out.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
# Seconds that a thread reuses its connection; opening one is slow.
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
if DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A stopped server refuses at once, but a machine that sends nothing would block every thread.
    # DATABASE_URL may override these.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,  # seconds
        "tcp_user_timeout": 10_000,  # milliseconds without an acknowledgement
        "keepalives_idle": 10,  # seconds
        "keepalives_interval": 5,
        "keepalives_count": 2,
    } | DATABASES["default"].get("OPTIONS", {})

# Shared between processes: a per-process cache would multiply every rate limit by the number of workers.
CACHES = {"default": env.cache_settings("CACHE_URL", default=VAR / "cache")}
# The cache may be one that other applications, or another site of ours, use too.
CACHES["default"].setdefault("KEY_PREFIX", "ictiger:" + SITE_URL.partition("://")[2])

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
LARGEST_BODY = 20_000_000  # bytes: a picture and its form

# Languages

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
]  # as in core/languages.py
# Our own, then our replacements for texts of libraries. The first that has a message is used; both precede
# the apps.
LOCALE_PATHS = [BASE_DIR / "ictiger" / "locale", BASE_DIR / "ictiger" / "locale_of_libraries"]
FORMAT_MODULE_PATH = ["ictiger.formats"]
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", default="Asia/Shanghai")

# Files

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "ictiger" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "ictiger.static_files.BundleFinder",
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "ictiger.static_files.ReleaseStorage"
    },
}

# Accounts

AUTH_USER_MODEL = "accounts.User"
# Only allauth's backend, which ours extends: Django's ModelBackend fails when two unverified accounts share
# an address.
AUTHENTICATION_BACKENDS = ["accounts.backends.ReaderBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.password_strength.GuessablePasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "articles:home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = (
    "optional"  # not needed to log in, but for a comment to be visible: see comments/
)
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # mail scanners follow links
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 14
ACCOUNT_EMAIL_CONFIRMATION_HMAC = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddressForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
}
# Verification mails are limited by the mail ledger (accounts/verification/limits.py), which shows the limit
# to the reader; allauth's limit is silent.
ACCOUNT_RATE_LIMITS = {
    "confirm_email": None,
    # By the hour as well, so that nobody can flood one mailbox, or many mailboxes with one mail each.
    "reset_password": "20/m/ip,60/h/ip,5/m/key,10/h/key",
    "request_login_code": "20/m/ip,60/h/ip,3/m/key,10/h/key",
    "signup": "20/m/ip,100/h/ip",
}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # seconds; the mail with the code is queued and its server may be slow
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # to change a verified address
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.mfa.AuthenticateForm",
    "reauthenticate": "accounts.mfa.ReauthenticateForm",
    "activate_totp": "accounts.mfa.ActivateTOTPForm",
    "add_webauthn": "accounts.mfa.AddWebAuthnForm",
    "edit_webauthn": "accounts.mfa.EditWebAuthnForm",
}
MFA_TOTP_ISSUER = "ICTiger"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# Mail and jobs

# `ictiger.mail` queues every mail as a row; a worker sends it through this backend.
_mail = env.mail_settings("EMAIL_URL", default=VAR / "mail")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH")  # for the file backend
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
# Seconds for each reply of the mail server. A client that hangs up on a slow "250" delivers twice (RFC 5321,
# 4.5.3.2).
EMAIL_TIMEOUT = 40
SITE_NAME = "ICTiger"  # in mails
DEFAULT_FROM_EMAIL = env.string("DEFAULT_FROM_EMAIL", default="ICTiger <no-reply@ictiger.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# The discussion

COMMENT_WORD_LIMIT = 140  # words, as comments/text/word_count.py counts them
REPLY_WORD_LIMIT = 70
COMMENT_CODE_POINT_LIMIT = 2_000  # bounds unbroken runs, which count as one word
REPLY_CODE_POINT_LIMIT = 1_000
# By one person in five minutes; the next comment is held for a moderator.
COMMENTS_AT_A_TIME = env.integer("COMMENTS_AT_A_TIME") or 5
# By one person in an hour; the next comment is refused.
COMMENTS_IN_AN_HOUR = env.integer("COMMENTS_IN_AN_HOUR") or 30

# Security and logging

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
# For this host only: subdomains may need plain HTTP, and an entry in the preload list lasts for years.
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ictiger.error_views.csrf_failure"
LANGUAGE_COOKIE_SECURE = HTTPS
# They ask for HSTS on all subdomains and for the preload list.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "ictiger.core.request_log.AddRequestId"},
        "advice": {"()": "ictiger.core.request_log.DropThreadAdvice"},
        "tracebacks": {"()": "ictiger.core.request_log.OnlyTracebacks"},
    },
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": ["levelname", "name", "message", "request_id"],
            "rename_fields": {"levelname": "level", "name": "logger", "exc_info": "traceback"},
            # The last three are Django's: not JSON, or logged already.
            "reserved_attrs": [*RESERVED_ATTRS, "request", "status_code", "server_time"],
            "timestamp": "time",
            "json_ensure_ascii": False,
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line" if DEBUG else "json",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "ictiger": {"level": "INFO"},
        "_granian": {"level": "INFO", "filters": ["advice"]},
        # Other records of requests are in ictiger.access, without the keys in their paths.
        "django.request": {"level": "ERROR", "filters": ["tracebacks"]},
    },
}

"""STRESS_FOLDER holds the database and the store, which all processes share."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
FOLDER = Path(os.environ["STRESS_FOLDER"])
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["127.0.0.1"]
SITE_URL = "http://127.0.0.1"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "ictiger.pagecache",
    "tests.pagecache.stress",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.pagecache.stress.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_TZ = True
PAGE_STORE = str(FOLDER / "pages")
PAGE_STORE_LIMIT = 10**9
PAGE_CACHES = []
PAGE_CACHE_BACKENDS = ["tests.pagecache.stress.models.purge_slowly"]

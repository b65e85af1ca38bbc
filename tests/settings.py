"""Settings of the test run: the site's own, without its secrets and without files of the working copy."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ["PAGE_STORE"] = "off"  # tests of the page store set their own
# For this process only: workers of one run inherit the environment, and rate limits are counted in files.
os.environ["ICTIGER_VAR"] = tempfile.mkdtemp(prefix="ictiger-tests-")
atexit.register(shutil.rmtree, os.environ["ICTIGER_VAR"], ignore_errors=True)

from ictiger.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; validators do not depend on it
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 (whitenoise warns when it is missing)

"""The product's own settings, with what tests need quicker, quieter or apart from real data."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "a key that only signs what tests make")

from runbook.settings import *  # noqa: F403
from runbook.settings import BASE_DIR, DATABASES, STORAGES

# A database file instead of memory, because threads share it in the races and in the browser
# tests; one folder per process, because several people may test in one checkout.
FOLDER = Path(tempfile.mkdtemp(prefix="upgrade-runbook-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": FOLDER / "test.sqlite3"}

OBJECTS_DIR = FOLDER / "objects"

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Static files straight from their sources: nothing to collect, and no names with hashes in pages.
STATIC_ROOT = FOLDER / "static"
STATIC_ROOT.mkdir()
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# A key of the tests' own, so that they never touch the one of an installation.
SIGNING_KEY_FILE = FOLDER / "signing_key"
SIGNING_KEY_NAMED = True
ANCHOR_FILE = None

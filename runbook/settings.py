"""The one settings file: every choice that differs between installations comes from the environment.

SITE_URL            where people reach the product; https turns on everything that needs https
SECRET_KEY          signs sessions; or SECRET_KEY_FILE, a file that holds it
DATABASE_URL        postgresql://user:password@host:port/name; without it SQLite in data/
DEBUG               1 while developing
KNOWLEDGE_PUBLIC    1 shows the knowledge pages to people without an account
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, DEFAULT_FROM_EMAIL
"""

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def kept_secret(path: Path, *, may_create: bool) -> str:
    """The secret in a file, made on first use if allowed; readable by its owner only."""
    if may_create and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            # A link never overwrites: of two processes that start together, both keep one secret.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip() if path.exists() else ""


def postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.pop("host", ""),  # a socket's folder comes as ?host=
        "PORT": str(parts.port or ""),
        "OPTIONS": {
            **query,
            # The pool needs CONN_MAX_AGE 0 and never holds more connections than threads can use.
            "pool": {"min_size": 1, "max_size": 8},
            # A transaction that lost its client must not keep a run's row locked.
            "options": "-c synchronous_commit=on -c idle_in_transaction_session_timeout=15s",
        },
    }


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL is quicker, but older SQLite libraries can corrupt it in a race while resetting the log."""
    fixed = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return "WAL" if fixed else "DELETE"


def sqlite(path: Path) -> dict[str, Any]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pragmas = {
        "journal_mode": journal_mode(sqlite3.sqlite_version_info),
        "synchronous": "FULL",  # a confirmed step must survive a power cut
        "foreign_keys": "ON",
        "secure_delete": "ON",  # erased evidence must not stay readable in the file
        "mmap_size": "0",
        "recursive_triggers": "ON",  # else INSERT OR REPLACE slips past the append-only triggers
    }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # Take the write lock at once: a deferred transaction that turns into a writer fails
            # with "database is locked" without waiting for the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": ";".join(f"PRAGMA {name}={value}" for name, value in pragmas.items()),
        },
    }


DEBUG = env("DEBUG") == "1"
SITE_URL = env("SITE_URL", "http://localhost:8000").rstrip("/")
SITE = urlsplit(SITE_URL)
HTTPS = SITE.scheme == "https"

# Sessions are only as safe as this key, so there is no default. SECRET_KEY_FILE serves two cases:
# a secret mounted by the operator, and a person trying the product on their own machine, for whom
# manage.py names data/secret_key. Only a site without https may make that file by itself.
SECRET_KEY = env("SECRET_KEY")
if not SECRET_KEY and env("SECRET_KEY_FILE"):
    SECRET_KEY = kept_secret(BASE_DIR / env("SECRET_KEY_FILE"), may_create=not HTTPS)
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "only for development, because DEBUG is on"  # noqa: S105 - guards nothing
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set SECRET_KEY to a long random text; the product does not start without one."
    )

ALLOWED_HOSTS = sorted(
    {SITE.hostname or "localhost"} | (set() if HTTPS else {"localhost", "127.0.0.1", "[::1]"})
)
CSRF_TRUSTED_ORIGINS = [f"{SITE.scheme}://{SITE.netloc}"]

INSTALLED_APPS = [
    "runbook",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    # Those that only add headers stand outside all others, so that no answer leaves without them.
    "runbook.web.middleware.headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "runbook.web.middleware.set_up_first",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "runbook.urls"
WSGI_APPLICATION = "runbook.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"runbook": "runbook.web.tags"},
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# ATOMIC_REQUESTS stays off: with IMMEDIATE it would take the write lock for every page that is only
# read. The services open the transactions.
DATABASES = {
    "default": postgresql(env("DATABASE_URL"))
    if env("DATABASE_URL")
    else sqlite(DATA_DIR / "db.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Throttles count here, so every process has to see the same store; a per-process cache would give
# an attacker one set of tries for each process. The cap is far above what throttles use.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "runbook_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

AUTH_USER_MODEL = "runbook.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "runbook.web.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
# Whoever has the set-up code or an invitation is trusted with the address they type.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}

# Advice without a run holds nothing of anybody's tenant, so an installation may open it to the
# people it links to from tickets. Notes are left out there: they do name tenants.
KNOWLEDGE_PUBLIC = env("KNOWLEDGE_PUBLIC") == "1"

# Plain http cannot carry Secure cookies, and browsers refuse the __Host- prefix without Secure.
_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False  # reading a page must not write
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# The cookie store of messages would be a third cookie to name and sign.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Behind a proxy that speaks https, uvicorn learns the scheme from X-Forwarded-Proto, from the
# addresses in FORWARDED_ALLOW_IPS only; Django needs no second rule about whom to trust.
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# The preload list binds a whole domain for years; that is for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # Bootstrap's CSS carries its icons as data
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# The largest text a form accepts is a 1 MiB paste. Each character outside ASCII has up to four bytes
# and each of them takes three on the way.
FILE_UPLOAD_HANDLERS = [
    "runbook.web.upload_limit.LimitedUpload",  # Django's own limit does not count files
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 13 * 1024 * 1024

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LANGUAGE_CODE = "en-us"
USE_I18N = False  # the product speaks one language; the sentences stand next to their rules
USE_TZ = True
TIME_ZONE = "UTC"

# Without a mail server, mail goes to the terminal, where the person who started the product is.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = int(env("EMAIL_PORT", "587"))
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", f"runbook@{SITE.hostname or 'localhost'}")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "runbook.web.logs.JsonLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would mail request contents to ADMINS and print each line twice.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # Its greeting says less than the two lines that serve prints.
        "uvicorn": {"level": "WARNING"},
    },
}

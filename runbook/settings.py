"""The one settings file: every choice that differs between installations comes from the environment.

SITE_URL            where people reach the product; https turns on everything that needs https
SECRET_KEY          signs sessions; or SECRET_KEY_FILE, a file that holds it
DATABASE_URL        postgresql://user:password@host:port/name; without it SQLite in data/
DEBUG               1 while developing
KNOWLEDGE_PUBLIC    1 shows the knowledge pages to people without an account
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, DEFAULT_FROM_EMAIL
SESSION_HOURS       how long a sign-in lasts at most (12)
SESSION_IDLE_MINUTES  how long it lasts without a person at it (120)
ENTRA_TENANT, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET or ENTRA_CLIENT_SECRET_FILE
                    sign-in with Microsoft Entra ID; the tenant by its directory ID
OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET or OIDC_CLIENT_SECRET_FILE, OIDC_NAME
                    sign-in with any OpenID Connect provider
OIDC_OPEN           1 gives everybody whom these providers know an account; else by invitation
OUTGOING_PORTS      ports that messages to webhooks and chat rooms may go to (443)
OUTGOING_ALLOW_CIDRS  private networks that they may go to, such as 10.20.0.0/16; none by itself
OUTGOING_KEY_FILE   the key that their addresses are encrypted with; else it comes from SECRET_KEY
OBJECTS_DIR         where handed-in files lie (data/objects); FILES_DISK_PERCENT how full that disk
                    may be before nothing more is taken (80)
KEEP_EVIDENCE_MONTHS  after so many months from the end of a run, what was handed in on it is erased;
                    without it everything stays. KEEP_EVIDENCE_RUNS  the ids of runs that keep it
SECRET_KEY_FALLBACKS  earlier secret keys, parted by blanks; they still read, and sign nothing new
"""

import ipaddress
import os
import re
import secrets
import sqlite3
import uuid
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


_DIRECTORY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sign_in_services() -> list[dict[str, Any]]:
    """The OpenID Connect providers that the environment names, as allauth reads them."""
    found = []
    if env("ENTRA_TENANT"):
        tenant = env("ENTRA_TENANT").lower()
        # "common" and its like let in everybody who has an account with Microsoft, and the issuer
        # of a directory is known by its ID only.
        if not _DIRECTORY_ID.fullmatch(tenant):
            raise ImproperlyConfigured("Set ENTRA_TENANT to the directory (tenant) ID, a GUID.")
        issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
        found.append(_sign_in_service("ENTRA", issuer, "Microsoft Entra ID"))
    if env("OIDC_ISSUER"):
        name = env("OIDC_NAME", "single sign-on")
        found.append(_sign_in_service("OIDC", env("OIDC_ISSUER"), name))
    return found


def _sign_in_service(prefix: str, issuer: str, name: str) -> dict[str, Any]:
    parts = urlsplit(issuer)
    if not parts.hostname or (
        parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1"}
    ):
        raise ImproperlyConfigured(f"{prefix}_ISSUER needs an address that starts with https://.")
    secret = env(f"{prefix}_CLIENT_SECRET")
    if not secret and env(f"{prefix}_CLIENT_SECRET_FILE"):
        path = BASE_DIR / env(f"{prefix}_CLIENT_SECRET_FILE")
        secret = kept_secret(path, may_create=False)
    if not env(f"{prefix}_CLIENT_ID") or not secret:
        raise ImproperlyConfigured(f"Set {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET as well.")
    return {
        "provider_id": prefix.lower(),
        "name": name,
        "client_id": env(f"{prefix}_CLIENT_ID"),
        "secret": secret,
        "settings": {"server_url": issuer, "issuer": issuer},
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
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
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
    "runbook.web.session_age.session_age",
    "runbook.web.middleware.set_up_first",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "runbook.web.middleware.Rights",
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
AUTHENTICATION_BACKENDS = ["runbook.web.backends.AccountBackend"]
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
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "join": "20/m/ip",
    "invite": "30/h/user",
}
# uvicorn has put the client's address in its place already, from the proxies in FORWARDED_ALLOW_IPS
# only. A second rule here would let a forged X-Forwarded-For choose its own count.
ALLAUTH_TRUSTED_PROXY_COUNT = 0
# Whoever finds a browser left open must not be able to take the account along.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # who did not change the password should hear that somebody did
PASSWORD_RESET_TIMEOUT = 60 * 60

MFA_ADAPTER = "runbook.web.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers allow passkeys on localhost without https, and nowhere else.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are trusted as they come, see above
MFA_TOTP_TOLERANCE = 1  # clocks of phones differ by some seconds

SOCIALACCOUNT_ADAPTER = "runbook.web.adapters.SocialAccountAdapter"
# Accounts are joined by issuer and subject. An address proves nothing: whoever runs a provider can
# put any address into a token.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
_SERVICES = sign_in_services()
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": _SERVICES,
        "OAUTH_PKCE_ENABLED": True,
        "provider_class": "runbook.web.oidc.Provider",
    }
}
OIDC_OPEN = env("OIDC_OPEN") == "1"

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
# A working day, then a new sign-in. Imports run for one to two hours while nobody touches the page,
# so a shorter idle time would sign people out in the middle of each.
SESSION_COOKIE_AGE = int(env("SESSION_HOURS", "12")) * 60 * 60
SESSION_IDLE_AGE = int(env("SESSION_IDLE_MINUTES", "120")) * 60
SEEN_COOKIE_NAME = f"{_PREFIX}seen"
ACCOUNT_SESSION_REMEMBER = True  # no box to tick: the two ages above hold for everybody
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# --- Share links: what a reader without an account carries -------------------------------------
SHARE_COOKIE_NAME = f"{_PREFIX}share"
SHARE_IDLE_AGE = 2 * 60 * 60
VISITS_COOKIE_NAME = f"{_PREFIX}visits"  # when a status page was looked at last
# -----------------------------------------------------------------------------------------------
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
_ISSUERS = [urlsplit(service["settings"]["issuer"]) for service in _SERVICES]
_SIGN_IN_ORIGINS = sorted(f"{issuer.scheme}://{issuer.netloc}" for issuer in _ISSUERS)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # Bootstrap's CSS carries its icons as data
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        # The answer to the sign-in button leads to the provider, and browsers ask this rule again.
        "form-action": ["'self'", *_SIGN_IN_ORIGINS],
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
    "runbook.web.upload_limit.PrivateUpload",  # beside the objects, where the janitor looks
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 13 * 1024 * 1024

# --- Files -----------------------------------------------------------------------------------
# What people hand in as evidence lies by content: objects/ab/<sha256>. How many bytes a run and a team may keep; and how full the disk
# may be, in per cent, before nothing more is taken.
OBJECTS_DIR = BASE_DIR / env("OBJECTS_DIR") if env("OBJECTS_DIR") else DATA_DIR / "objects"
FILES_OF_A_RUN = 300 * 1024 * 1024
FILES_OF_A_TEAM = 3 * 1024 * 1024 * 1024
FILES_DISK_PERCENT = int(env("FILES_DISK_PERCENT", "80"))


def months(text: str) -> int:
    """How long evidence is kept; 0 without a limit, and never by a slip of the pen."""
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1200):
        raise ImproperlyConfigured(
            "KEEP_EVIDENCE_MONTHS needs a whole number from 1 to 1200; without it evidence stays."
        )
    return int(text or 0)


def run_ids(text: str) -> frozenset[uuid.UUID]:
    try:
        return frozenset(uuid.UUID(one) for one in text.replace(",", " ").split())
    except ValueError:
        raise ImproperlyConfigured(
            "KEEP_EVIDENCE_RUNS needs the ids of runs, as their addresses show them."
        ) from None


KEEP_EVIDENCE_MONTHS = months(env("KEEP_EVIDENCE_MONTHS"))
KEEP_EVIDENCE_RUNS = run_ids(env("KEEP_EVIDENCE_RUNS"))
# -----------------------------------------------------------------------------------------------

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

# --- Outgoing --------------------------------------------------------------------------------
# Messages to webhooks and chat rooms; `services/outgoing/guard.py` holds these limits up.


def networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(one) for one in text.replace(",", " ").split()]
    except ValueError as error:
        raise ImproperlyConfigured(f"OUTGOING_ALLOW_CIDRS: {error}.") from None


def outgoing_keys(name: str) -> list[str]:
    """The lines of the key file: the first encrypts, the others still decrypt."""
    keys = kept_secret(BASE_DIR / name, may_create=not HTTPS).split() if name else []
    if name and not keys:
        raise ImproperlyConfigured("OUTGOING_KEY_FILE names a file that is not there or is empty.")
    return keys


OUTGOING_PORTS = [int(port) for port in env("OUTGOING_PORTS", "443").replace(",", " ").split()]
OUTGOING_ALLOW_CIDRS = networks(env("OUTGOING_ALLOW_CIDRS"))
OUTGOING_KEYS = outgoing_keys(env("OUTGOING_KEY_FILE"))
SECRET_KEY_FALLBACKS = env("SECRET_KEY_FALLBACKS").split()

# --- Signing ---------------------------------------------------------------------------------
# SIGNING_KEY_FILE  the secret behind the key that signs heads, outside the database and its backups
# ANCHOR_FILE       a file, best on a disk of somebody else, that gets a line for every signed head
# The secret is made at first use: here, or where the operator says; with https a place that nobody
# named must be private already. A missing file is a finding, never an error of the product.
SIGNING_KEY_FILE = BASE_DIR / env("SIGNING_KEY_FILE", "data/signing_key")
SIGNING_KEY_NAMED = not HTTPS or bool(env("SIGNING_KEY_FILE"))
ANCHOR_FILE = BASE_DIR / env("ANCHOR_FILE") if env("ANCHOR_FILE") else None

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

"""The house keeps its rules, and each rule notices when it is broken."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from runbook.models import User
from tests import architecture
from tests.routes import all_routes

# Addresses for people who are not signed in; every other one asks them to sign in first.
OPEN_ROUTES = {
    "set-up",
    "account_login",
    "account_signup",  # says that it is closed
    "account_inactive",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "calendar-feed",  # its token is the right to read; calendars do not sign in
    "join",
    "accept-invitation",  # leads to join without an invitation
    "mfa_login_webauthn",
    "openid_connect_login",
    "openid_connect_callback",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    # A link's reader has no account: the code opens the door, its cookie and the link the rest.
    "open-link",
    "shared-run",
    "shared-at",
    "shared-evidence",
    "ask-shared-question",
    "shared-export",
    # A script has no session: its token is asked for, and a cookie counts for nothing.
    "api-run",
    "api-events",
    "api-export",
    "api-add-note",
    "api-record-attempt",
    "api-missing",
    "api-docs",  # what the operations are; of no run
    "api-document",
}


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Callable[[Path], list[str]]) -> None:
    assert rule(architecture.ROOT) == []


def open_routes(client: Client) -> list[str]:
    """Routes that answer a stranger with anything but the way to the sign-in page."""
    found = []
    for name, address in all_routes().items():
        answers = [client.get(address), client.post(address)]
        led = [answer.headers.get("Location", "").split("?")[0] for answer in answers]
        refused = [answer.status_code == 405 for answer in answers]
        if all(refused) or any(
            place != "/accounts/login/" and not no for place, no in zip(led, refused, strict=True)
        ):
            found.append(name)
    return found


def test_each_address_asks_to_sign_in_unless_listed(client: Client, ana: User) -> None:
    assert set(open_routes(client)) - OPEN_ROUTES == set()


def open_door(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Anybody reads this.")


# With this module as the root of addresses there is a page that forgot to ask.
urlpatterns = [
    path("open/", open_door, name="open-door"),
    path("closed/<uuid:run_id>/", login_required(open_door), name="closed-door"),
    path("", include("runbook.urls")),
]


@pytest.mark.urls("tests.test_architecture")
def test_an_open_address_is_noticed(client: Client, ana: User) -> None:
    assert set(open_routes(client)) - OPEN_ROUTES == {"open-door"}


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., Path]:
    """A small tree that keeps every rule; files given by name replace or join its own."""

    def build(**changes: str) -> Path:
        empty = '"""Says so."""\n'
        vendored = hashlib.sha256(b"x").hexdigest()
        tree = {
            ".gitignore": "/data/\n",
            "README.md": "",
            "data/db.sqlite3": "",
            "requirements.txt": "a==1 \\\n    --hash=sha256:0\n",
            "requirements-dev.txt": "a==1 \\\n    --hash=sha256:0\nb==2\n",
            "runbook/models/__init__.py": empty + "import runbook.models.timeline\n",
            "runbook/web/views/runs.py": empty,
            "runbook/queries.py": empty,
            "static/vendor/x.js": "x",
            "static/vendor/SOURCES.txt": f"file\tversion\tlicence\tsha256\nx.js\t1\tMIT\t{vendored}\n",
            "templates/base.html": '<p class="a" data-x="{{ x }}">{{ text }}</p><script src="a.js"></script>\n',
        }
        for name, text in {**tree, **changes}.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path

    return build


DOC = '"""X."""\n'
BODY = "    x = 1\n"
BROKEN: list[tuple[Callable[[Path], list[str]], str, str]] = [
    (architecture.long_files, "runbook/domain/x.py", DOC + "x = 1\n" * 500),
    (architecture.long_files, "tests/web/test_x.py", DOC + "x = 1\n" * 400),
    (architecture.long_files, "templates/runs/x.html", "<p>\n" * 151),
    (architecture.long_files, "static/js/app.js", ";\n" * 151),
    (architecture.long_functions, "runbook/services/x.py", "def f():\n" + BODY * 60),
    (architecture.long_functions, "runbook/web/views/x.py", "def f():\n" + BODY * 40),
    (architecture.long_functions, "runbook/domain/decisions.py", "def f():\n" + BODY * 40),
    (architecture.long_signatures, "runbook/services/x.py", "def f(a, b, c): ...\n"),
    (
        architecture.long_signatures,
        "runbook/services/x.py",
        "class A:\n    def f(self, a, b, c): ...\n",
    ),
    (architecture.long_signatures, "runbook/x.py", "def f(a, *, b, c, d, e, f, g, h, i): ...\n"),
    (architecture.missing_docstrings, "runbook/services/x.py", "x = 1\n"),
    (architecture.missing_docstrings, "tests/test_x.py", ""),
    (architecture.missing_docstrings, "boot.py", "x = 1\n"),
    (architecture.writes_outside_services, "runbook/web/views/x.py", "run.save()\n"),
    (architecture.writes_outside_services, "runbook/web/x.py", "run.steps.create(slug='a')\n"),
    (architecture.writes_outside_services, "runbook/web/x.py", "Run.objects.bulk_create([])\n"),
    (architecture.writes_outside_services, "runbook/web/x.py", "f = lambda r: r.adelete()\n"),
    (
        architecture.writes_outside_services,
        "runbook/queries.py",
        "Run.objects.filter().update(a=1)\n",
    ),
    (
        architecture.exported_event,
        "runbook/models/__init__.py",
        "from runbook.models.timeline import Event\n",
    ),
    (
        architecture.exported_event,
        "runbook/models/__init__.py",
        "from runbook.models.timeline import *\n",
    ),
    (architecture.slow_patterns, "runbook/domain/diagnosis/x.py", "import re\n"),
    (architecture.slow_patterns, "runbook/services/x.py", "def f():\n    from re import search\n"),
    (architecture.slow_patterns, "runbook/library.py", "import os, re\n"),
    (architecture.framework_in_pure_rooms, "runbook/domain/x.py", "import django\n"),
    (architecture.framework_in_pure_rooms, "runbook/exports/__init__.py", "import django\n"),
    (architecture.framework_in_pure_rooms, "runbook/library.py", "import crispy_forms\n"),
    (architecture.lock_faults, "requirements.txt", "--index-url https://x.example\n"),
    (architecture.lock_faults, "requirements.txt", "a==2 \\\n"),
    (architecture.strangers_at_top_level, "notes.txt", ""),
    (architecture.strangers_at_top_level, "docs/index.md", ""),
    (architecture.vendored_faults, "static/vendor/x.js", "changed"),
    (architecture.vendored_faults, "static/vendor/y.js", "unlisted"),
    (architecture.vendored_faults, "static/vendor/SOURCES.txt", "file\tsha256\nx.js\t0\nz.js\t0\n"),
    *(
        (architecture.unsafe_markup, "templates/x.html", markup)
        for markup in (
            '<button class="a"\n onclick="x()">',
            '<p style="color: red">',
            "<style>p {}</style>",
            "<script>x()</script>",
            '<i hx-on:click="x()">',
            '<a href="javascript:x()">',
            "<i hx-vals='js:{a: 1}'>",
            "{{ text|safe }}",
            "{{ text | safeseq }}",
            "{% autoescape off %}",
            "<p class=a>",
            '<p id="b" class={{ x }}>',
        )
    ),
    (architecture.unsafe_markup, "runbook/web/tags.py", "x = mark_safe(text)\n"),
]


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_a_tree_without_faults_passes(
    house: Callable[..., Path], rule: Callable[[Path], list[str]]
) -> None:
    assert rule(house()) == []


@pytest.mark.parametrize(("rule", "name", "text"), BROKEN)
def test_a_planted_fault_is_noticed(
    house: Callable[..., Path], rule: Callable[[Path], list[str]], name: str, text: str
) -> None:
    assert rule(house(**{name: text})) != []


def test_a_missing_list_of_sources_is_an_error(house: Callable[..., Path]) -> None:
    tree = house()
    (tree / "static/vendor/SOURCES.txt").unlink()

    with pytest.raises(FileNotFoundError):
        architecture.vendored_faults(tree)

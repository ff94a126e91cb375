"""IN-05: long and odd texts are taken or politely refused; and secrets that are stored nowhere."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import RunStage
from runbook.models import Evidence, Run, User
from tests.domain.wishes import GATEWAY
from tests.web.builders import SENT, address, by_hand, events, send, step_page
from tests.web.pages import page, said
from tests.web.stories import tell

RunAt = Callable[[RunStage], Run]
MIB = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
FAILED = {"outcome": "failed"}


def paste(client: Client, run: Run, text: str | bytes) -> Any:
    """The failure of the open attempt, sent as a browser encodes it."""
    guards = by_hand(run, FAILED)
    body = urlencode({**guards, "error_text": text})
    return client.post(address("record-attempt", run), body, content_type=FORM)


@pytest.fixture
def importing(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


def kept(run: Run) -> str:
    return Evidence.objects.filter(run=run).latest("pk").text or ""


@pytest.mark.parametrize("letter", ["x", "é", "語", "\n"])
def test_a_mebibyte_is_kept_to_the_last_letter(as_ana: Client, importing: Run, letter: str) -> None:
    start = f"{GATEWAY} "
    room = MIB - len(start) - 4
    text = start + letter * (room // len(letter.encode())) + " end"

    assert paste(as_ana, importing, text).status_code == 302
    assert kept(importing) == text
    assert as_ana.get(step_page(importing, "import")).status_code == 200
    assert as_ana.get(reverse("run-report", args=[importing.pk])).status_code == 200


@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB + MIB // 2 + 1])
def test_more_than_that_comes_back_with_a_sentence(
    as_ana: Client, importing: Run, size: int
) -> None:
    before = events(importing)

    response = paste(as_ana, importing, "x" * size)

    assert response.status_code == 422
    assert f"Ensure this value has at most {MIB} characters (it has {size})." in said(response)
    assert len(page(response).one("textarea", name="error_text").text.strip()) == size
    assert events(importing) == before


@pytest.mark.parametrize("size", [14 * MIB, 50 * MIB])
@pytest.mark.parametrize("htmx", [False, True])
def test_far_more_is_refused_before_anybody_reads_it(
    as_ana: Client, importing: Run, size: int, htmx: bool
) -> None:
    before = events(importing)
    headers = {"hx-request": "true"} if htmx else {}

    response = as_ana.post(
        address("record-attempt", importing),
        b"error_text=" + b"x" * size,
        content_type=FORM,
        headers=headers,
    )

    assert response.status_code == 400
    assert "Nothing was recorded." in said(response)
    assert events(importing) == before


def test_more_fields_than_any_form_has_are_refused(as_ana: Client, importing: Run) -> None:
    body = "&".join(f"field-{number}=x" for number in range(2_000))

    response = as_ana.post(address("record-attempt", importing), body, content_type=FORM)

    assert response.status_code == 400


ODD: dict[str, tuple[str | bytes, str]] = {
    "a NUL": ("one\x00two", "one\ufffdtwo"),
    "half a surrogate pair": (b"one\xed\xa0\x80two", "one\ufffd\ufffd\ufffdtwo"),
    "bytes of no encoding": (b"one\xff\xfe\x80two", "one\ufffd\ufffd\ufffdtwo"),
    "an overlong slash": (b"one\xc0\xaftwo", "one\ufffd\ufffdtwo"),
    "a byte order mark": ("\ufeffone two", "\ufeffone two"),
    "UTF-16 taken for UTF-8": ("one".encode("utf-16-le"), "o\ufffdn\ufffde\ufffd"),
    "text encoded twice": ("â€œoneâ€\x9d", "â€œoneâ€\x9d"),
    "direction marks": ("one\u202etwo\u2066three\u2069", "one\u202etwo\u2066three\u2069"),
    "every control character": (
        "".join(map(chr, range(1, 32))),
        "".join(map(chr, range(1, 32))).replace("\r", "\n"),
    ),
    "one line of 100 000 characters": ("wide " * 20_000, "wide " * 20_000),
    "100 000 lines": ("\r\n" * 100_000 + "end", "\n" * 100_000 + "end"),
    "characters outside the first plane": ("one 🗼 two 𝔘", "one 🗼 two 𝔘"),
    "a tower of accents": ("o" + "\u0301" * 5_000, "o" + "\u0301" * 5_000),
    "line ends of an old Mac": ("one\rtwo", "one\ntwo"),
    "only blanks around": ("  \n one \n ", "  \n one \n "),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_text_is_kept_as_far_as_a_database_can(
    as_ana: Client, importing: Run, name: str
) -> None:
    """The same on both databases, and every page and file still opens."""
    typed, expected = ODD[name]

    response = paste(as_ana, importing, typed)

    assert response.status_code == 302
    assert kept(importing) == expected
    for target in (step_page(importing, "import"), reverse("run-report", args=[importing.pk])):
        assert as_ana.get(target).status_code == 200
    for chosen in ("markdown", "json"):
        made = as_ana.post(reverse("run-export", args=[importing.pk]), {"format": chosen})
        assert made.status_code == 200
        assert made.content.decode()


@pytest.mark.parametrize("odd", [b"\x00", b"\xed\xa0\x80", b"\xff", "\u202e".encode(), b"\r\n"])
@pytest.mark.parametrize("name", sorted(n for n in SENT if SENT[n].typed))
def test_odd_bytes_in_any_field_of_any_form_are_taken_or_refused_politely(
    as_ana: Client, run_at: RunAt, name: str, odd: bytes
) -> None:
    run = run_at(SENT[name].stage)
    for field in SENT[name].typed:
        typed = {k: v.encode() for k, v in by_hand(run, SENT[name].typed).items()}
        typed[field] += odd + b"x"
        response = as_ana.post(address(name, run), urlencode(typed), content_type=FORM)
        assert response.status_code in {302, 409, 422}, field
    assert as_ana.get(step_page(run, SENT[name].step)).status_code == 200


SECRETS = {
    "bearer": "Authorization: Bearer q7Zk2mVt9xLw4nRb8sYc1dPf6hJg3aKe",
    "signed": "https://prod-01.logic.azure.com/invoke?sv=1&sig=h8Jk2Lm4Nq6Rs8Tv0Wx2Yz4A",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJrZWVwZXIifQ.c2lnbmF0dXJlLXgxMjM0",
    "password": 'password="Fog-Horn-4711"',
}
CANARIES = (
    "q7Zk2mVt9xLw4nRb8sYc1dPf6hJg3aKe",
    "h8Jk2Lm4Nq6Rs8Tv0Wx2Yz4A",
    "eyJzdWIiOiJrZWVwZXIifQ",
    "Fog-Horn-4711",
)
TOLD = "Before. " + " then ".join(SECRETS.values()) + " after."


def everything_stored() -> str:
    """All values of all tables, as one text."""
    rows = (row for model in apps.get_models() for row in model._base_manager.values_list())
    return "\n".join(
        bytes(value).decode(errors="replace") if isinstance(value, memoryview) else str(value)
        for row in rows
        for value in row
    )


def test_a_secret_in_any_text_of_a_run_is_stored_nowhere_and_shown_nowhere(
    as_ana: Client, ana: User, now: datetime
) -> None:
    seen: list[str] = []

    def look(_: str, run: Run) -> None:
        steps = ("ready", "tidy", "wiring", "import")
        seen.extend(as_ana.get(step_page(run, step)).content.decode() for step in steps)

    run = tell(ana, now, text=TOLD, view=look)
    opened = [as_ana.get(reverse(name, args=[run.pk])) for name in ("run-report", "timeline")]
    target = reverse("run-export", args=[run.pk])
    opened += [as_ana.post(target, {"format": name}) for name in ("markdown", "json")]
    seen.extend(each.content.decode() for each in [*opened, as_ana.get("/")])
    shown, stored = "\n".join(seen), everything_stored()

    for canary in CANARIES:
        assert canary not in stored
        assert canary not in shown
    assert stored.count("‹secret:token›") > 20
    assert "Before." in shown


@pytest.mark.parametrize("name", sorted(n for n in SENT if SENT[n].typed))
def test_a_secret_typed_into_a_form_is_not_stored(as_ana: Client, run_at: RunAt, name: str) -> None:
    run = run_at(SENT[name].stage)
    text = SECRETS["bearer"]
    free = {"text", "reason", "ticket", "note-floor", "tool_version", "error_text", "last_result"}
    free |= {"note-storage", "backup_reference"}
    typed = {k: text if k in free else v for k, v in SENT[name].typed.items()}

    response = send(as_ana, name, run, by_hand(run, typed))

    assert response.status_code == 302
    assert CANARIES[0] not in everything_stored()
    assert "‹secret:token›" in everything_stored()


def test_the_search_would_find_a_secret(importing: Run, now: datetime) -> None:
    """The control: what is stored past the services is found."""
    assert CANARIES[0] not in everything_stored()
    Evidence.objects.create(
        run=importing, digest="0" * 64, salt=uuid.uuid4().bytes, text=TOLD, created=now
    )
    assert CANARIES[0] in everything_stored()

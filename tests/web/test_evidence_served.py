"""Stored files go out sealed and to members only; a lead erases them for good (IN-11, IN-12, RD-06)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.handed_files import TYPES, FileKind
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, StoredFile, User
from runbook.services import objects
from tests.handed_files import GOOD
from tests.web.builders import by_hand, events
from tests.web.evidence_forms import body, get, hand_in

RunAt = Callable[[RunStage], Run]
Join = Callable[..., None]


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def run(run_at: RunAt) -> Run:
    """A run whose import keeps a log."""
    return run_at(RunStage.PREPARING)


# --- sending out -------------------------------------------------------------------------------------


@pytest.fixture
def kept(as_ana: Client, run: Run) -> dict[str, StoredFile]:
    """One stored file of each kind, under names that nobody should believe."""
    for kind, (name, content) in GOOD.items():
        if kind != "zip":
            hand_in(as_ana, run, content, name=name)
    StoredFile.objects.filter(kind="text").update(name='a".html\r\nX-Evil: 1')
    StoredFile.objects.filter(kind="xml").update(name="a.svg;filename=b.html")
    return {f"{row.kind} {row.sha256_received}": row for row in StoredFile.objects.all()}


def test_every_stored_object_goes_out_sealed(as_ana: Client, kept: dict[str, StoredFile]) -> None:
    assert len(kept) == len(GOOD) - 1
    for row in kept.values():
        response = get(as_ana, row)

        kind = FileKind(row.kind)
        assert response.status_code == 200
        assert response["Content-Type"] == TYPES[kind][0]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response["Cache-Control"] == "no-store"
        picture = kind in {FileKind.PNG, FileKind.JPEG}
        assert response["Content-Disposition"].startswith("inline" if picture else "attachment")
        assert "\r" not in response["Content-Disposition"]
        assert "X-Evil" not in response.headers
        assert not response["Content-Disposition"].rstrip('"').endswith(".html")
        assert objects.digest_of(body(response)) == row.sha256_stored


def test_strangers_learn_nothing_and_members_of_another_run_neither(
    sign_in: Callable[[User], Client],
    as_ana: Client,
    client: Client,
    kept: dict[str, StoredFile],
    run_at: RunAt,
    join: Join,
    dora: User,
) -> None:
    row = next(iter(kept.values()))
    other = run_at(RunStage.PREPARING)
    join(other, dora, Role.OPERATOR)
    crossed = reverse("evidence-file", args=[other.pk, row.handle])

    assert get(client, row).status_code == 302
    assert get(sign_in(dora), row).status_code == 404
    assert sign_in(dora).get(crossed).status_code == 404
    assert as_ana.get(crossed).status_code == 404
    assert as_ana.post(reverse("evidence-file", args=[row.run_id, row.handle])).status_code == 405


def test_an_observer_may_look(
    sign_in: Callable[[User], Client], run: Run, kept: dict[str, StoredFile], join: Join, ben: User
) -> None:
    join(run, ben, Role.OBSERVER)
    response = get(sign_in(ben), next(iter(kept.values())))

    assert response.status_code == 200
    body(response)
    page = sign_in(ben).get(reverse("run-evidence", args=[run.pk])).content.decode()
    assert "Erase this content" not in page


# --- the list, and erasing ---------------------------------------------------------------------------


def added(run: Run) -> int:
    return next(
        entry.seq for entry in reversed(queries.all_entries(run)) if entry.type == "evidence.added"
    )


def erase(client: Client, run: Run, **typed: Any) -> Any:
    data = by_hand(run, {"seq": str(added(run)), "reason": "A face is on it.", **typed})
    return client.post(reverse("erase-evidence", args=[run.pk]), data)


def test_a_lead_erases_and_everybody_reads_who_when_and_why(as_ana: Client, run: Run) -> None:
    hand_in(as_ana, run, GOOD["png"][1], name="face.png", typed={"caption-log": "Ana smiles."})
    row = StoredFile.objects.get()

    response = erase(as_ana, run)

    assert response.status_code == 302
    page = as_ana.get(reverse("run-evidence", args=[run.pk])).content.decode()
    assert "Erased. What entry" in page
    assert "A face is on it." in page
    assert "Ana smiles." not in page
    assert "face.png" not in page
    assert get(as_ana, row).status_code == 404
    whole = as_ana.get(reverse("timeline", args=[run.pk])).content.decode()
    assert "Content erased" in whole
    assert "Ana smiles." not in whole
    run.refresh_from_db()
    assert queries.verify_run(run)[0] == run.version


def test_an_erasure_takes_a_reason_and_gives_back_what_was_asked(as_ana: Client, run: Run) -> None:
    hand_in(as_ana, run, GOOD["png"][1], name="face.png")

    missing = erase(as_ana, run, reason="")
    unknown = erase(as_ana, run, seq="1")
    odd = erase(as_ana, run, seq="x")

    assert [missing.status_code, unknown.status_code, odd.status_code] == [422, 409, 422]
    assert "This field is required" in missing.content.decode()
    assert "hands in nothing that could be erased" in unknown.content.decode()
    assert StoredFile.objects.get().state == StoredFile.State.ACCEPTED


def test_a_double_click_erases_once(as_ana: Client, run: Run) -> None:
    hand_in(as_ana, run, GOOD["png"][1], name="face.png")
    guards = by_hand(run, {"seq": str(added(run))})

    answers = [erase(as_ana, run, **guards).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert events(run).count("evidence.erased") == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VERIFIER, Role.REVIEWER, Role.OBSERVER])
def test_nobody_but_a_lead_erases(
    sign_in: Callable[[User], Client], as_ana: Client, run: Run, join: Join, ben: User, role: Role
) -> None:
    hand_in(as_ana, run, GOOD["png"][1], name="face.png")
    join(run, ben, role)

    assert erase(sign_in(ben), run).status_code == 403
    assert StoredFile.objects.get().state == StoredFile.State.ACCEPTED


def test_a_stranger_finds_neither_list_nor_erasure(
    sign_in: Callable[[User], Client], run: Run, dora: User
) -> None:
    assert sign_in(dora).get(reverse("run-evidence", args=[run.pk])).status_code == 404
    assert erase(sign_in(dora), run).status_code == 404


def test_the_list_says_how_much_room_is_taken_and_costs_the_same_for_three(
    as_ana: Client, run: Run, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        hand_in(as_ana, run, GOOD["png"][1], name=f"{number}.png")
    address = reverse("run-evidence", args=[run.pk])
    as_ana.get(address)

    with django_assert_max_num_queries(10):
        page = as_ana.get(address).content.decode()

    assert "of 300.0" in page
    assert page.count("Erase this content") == 4  # the text of an earlier step as well
    event = queries.entry_at(run, added(run))
    assert event is not None
    assert isinstance(event.event, ev.EvidenceAdded)

"""Packets as text: golden files, nothing planted left for the public, ids kept, hostile words inert.

After a wanted change write the files anew: REWRITE_GOLDEN=1 python -m pytest tests/exports
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from runbook.domain import events as ev
from runbook.domain.packet import Packet, default_profile, packet_of, recipient_of
from runbook.domain.packet_preview import asked_in, counts, originals_of, pieces
from runbook.domain.redaction import Decision, Profile
from runbook.domain.redaction.reports import redact_report
from runbook.domain.report import RunReport
from runbook.exports.escaping import JOINER
from runbook.exports.packets import WIDTH, markdown, plain
from tests.domain.packet_cases import (
    ACTIVITIES,
    ANSWERS,
    DLP,
    ENVIRONMENT,
    GATEWAY,
    LEAD,
    OPERATOR,
    TENANT,
    began,
    report_of,
    shipped,
    short_story,
    tried,
    whole_story,
)
from tests.domain.redaction.corpus import identifiers

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "packets"
WRITERS: Mapping[str, Callable[[Packet], str]] = {"md": markdown, "txt": plain}
PACKS = ("coe_starter_kit", "dataverse")


def cases() -> dict[str, tuple[str, RunReport]]:
    """Golden file -> recipient and report, every recipient of every pack among them."""
    found = {}
    for slug in PACKS:
        pack = shipped(slug)
        for to in pack.recipients:
            found[f"{slug}-{to.slug}"] = (to.slug, whole_story(pack))
    found["coe_starter_kit-requester-dlp"] = ("requester", whole_story(text=DLP))
    found["coe_starter_kit-microsoft-support-short"] = ("microsoft-support", short_story())
    return found


def packet(slug: str, report: RunReport, profile: Profile | None = None) -> Packet:
    to = recipient_of(report.pack, slug)
    return packet_of(redact_report(report, profile or default_profile(to)).report, to)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("name", cases())
def test_a_packet_equals_its_golden_file(name: str, ending: str) -> None:
    slug, report = cases()[name]
    path = GOLDEN / f"{name}.{ending}"
    text = WRITERS[ending](packet(slug, report))
    if os.environ.get("REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(cases())


@pytest.mark.parametrize("slug", [to.slug for to in shipped().recipients])
def test_plain_text_fits_the_field_of_a_ticket(slug: str) -> None:
    exact = ("://", "workflow", "SHA", "3f1c", "ModernFlow", "docs/")
    wide = [line for line in plain(packet(slug, whole_story())).split("\n") if len(line) > WIDTH]

    assert [line for line in wide if not any(word in line for word in exact)] == []


# --- nothing planted is left ---

#: Short names such as `contoso` stand in samples of other kinds as well, where nobody hides them.
ITEMS = [item for item in identifiers()[::2] if len(item.hidden) > 7]


@lru_cache(maxsize=1)
def planted(*, texts: int = 60) -> RunReport:
    """A run whose answers, notes, repairs and error text hold things that name somebody."""
    pack = shipped()
    error = GATEWAY + ACTIVITIES[0] + "\n\n" + "\n\n".join(item.text for item in ITEMS[:texts])
    answers = {
        **ANSWERS,
        "business_impact": "Ask ana.keller@contoso.example about https://contoso-coe.crm4.dynamics.com",
        "contact": "Ana Keller, dora.fink@fabrikam.example",
        "backup_reference": f"Backup of environment {ENVIRONMENT}",
    }
    told = [
        *began(answers, pack),
        *((4, ev.NoteAdded(text=item.text, step="import"), LEAD) for item in ITEMS),
        *tried(1, 10, GATEWAY, pack),
        *((40, ev.RepairRecorded(text=item.text), OPERATOR) for item in ITEMS[:40]),
    ]
    return report_of(told, pack, texts={1: error})


@lru_cache(maxsize=8)
def planted_for(profile: Profile) -> RunReport:
    return redact_report(planted(), profile).report


OWN = (
    *(TENANT, ENVIRONMENT, "contoso-coe", "coe-service@contoso.example", "Contoso CoE production"),
    *("ana.keller@contoso.example", "dora.fink@fabrikam.example", "Ana Keller", "Ben Ode"),
)


def left(text: str, hidden: tuple[str, ...]) -> list[str]:
    """The planted words that the text still holds, escapes of Markdown taken away."""
    bare = text.replace("\\", "").replace(JOINER, "")
    return [words for words in hidden if words in bare]


def test_enough_is_planted() -> None:
    hidden = {item.hidden for item in ITEMS} | set(OWN)
    support, partner = (
        plain(packet_of(planted(), recipient_of(shipped(), slug)))
        for slug in ("microsoft-support", "partner")
    )

    assert len(hidden) >= 40
    assert left(support, OWN) == list(OWN)
    assert len(left(partner, tuple(hidden))) >= 40


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("slug", [to.slug for to in shipped().recipients])
def test_nothing_planted_is_left_for_the_public(slug: str, write: Callable[[Packet], str]) -> None:
    text = write(packet_of(planted_for(Profile.PUBLIC), recipient_of(shipped(), slug)))

    assert left(text, (*OWN, *(item.hidden for item in ITEMS))) == []


@pytest.mark.parametrize("profile", Profile)
def test_activity_ids_and_codes_survive_every_profile(profile: Profile) -> None:
    text = plain(packet_of(planted_for(profile), recipient_of(shipped(), "microsoft-support")))
    two = plain(packet("microsoft-support", whole_story(), profile))

    assert ACTIVITIES[0] in text
    assert "80097376" in text
    assert all(activity in two for activity in ACTIVITIES)


def test_support_keeps_tenant_and_environment_and_no_account() -> None:
    text = plain(packet("microsoft-support", whole_story()))

    assert TENANT in text
    assert ENVIRONMENT in text
    assert "coe-service@contoso.example" not in text


def test_the_inner_reader_reads_all_but_secrets() -> None:
    told = plain(packet("microsoft-support", whole_story(), Profile.INTERNAL))

    assert "coe-service@contoso.example" in told


# --- the preview ---


def test_the_preview_is_the_text_that_goes_out_with_the_cuts_beside_it() -> None:
    made = redact_report(whole_story(), Profile.PUBLIC)
    to = recipient_of(shipped(), "microsoft-support")
    text = plain(packet_of(made.report, to))
    found = pieces(text, originals_of(made.pseudonyms))

    assert "".join(piece.text for piece in found) == text
    cut = {piece.text: piece.original for piece in found if piece.kind == "tenant"}
    assert list(cut.values()) == [TENANT]
    assert {piece.kind for piece in found} >= {"tenant", "environment", "user", "person", "org"}


def test_marks_that_somebody_typed_stand_for_nothing() -> None:
    found = pieces("a ‹tenant-99› b ‹secret:token› c ‹lamp-1› ‹query›", {"‹tenant-1›": "x"})

    assert [(piece.kind, piece.original) for piece in found if piece.kind] == [
        *(("tenant", ""), ("secret", ""), ("query", ""))
    ]


def test_what_is_cut_is_counted() -> None:
    told = {
        each.kind: (each.things, each.places)
        for each in counts(packet("microsoft-support", whole_story(), Profile.PUBLIC))
    }

    assert told["tenant"] == (1, 1)
    assert told["person"][0] == 2
    assert counts(packet("microsoft-support", short_story(), Profile.INTERNAL)) == ()


def test_only_doubts_of_this_packet_are_asked_and_a_decision_settles_them() -> None:
    report = whole_story(text="host 10.2.3.4\n" + GATEWAY)
    note = replace(report.lines[-1], event_type="note.added", detail="Seen from 10.9.8.7")
    report = replace(report, lines=(*report.lines, note))
    to = recipient_of(shipped(), "microsoft-support")
    made = redact_report(report, Profile.PUBLIC)
    asked = asked_in(packet_of(made.report, to), made.asked, pseudonyms=made.pseudonyms)

    assert [(each.words, each.cut) for each in asked] == [("10.2.3.4", True)]
    kept = redact_report(report, Profile.PUBLIC, decisions={"10.2.3.4": Decision.KEEP})
    again = packet_of(kept.report, to)
    assert "10.2.3.4" in plain(again)
    asked = asked_in(again, kept.asked, pseudonyms=kept.pseudonyms)
    assert [(each.words, each.cut) for each in asked] == [("10.2.3.4", False)]


# --- hostile words ---

HOSTILE = "</pre><script>x</script> @octocat fixes #1 ![p](https://evil.example/x.png) `x` | a |"


def hostile() -> RunReport:
    pack = shipped()
    told = [
        *began({**ANSWERS, "business_impact": HOSTILE, "region": f"1. {HOSTILE}"}, pack),
        *tried(1, 10, GATEWAY, pack),
        (40, ev.RepairRecorded(text=f"```\n# {HOSTILE}\u202e{{{{ run.tenant_id }}}}"), OPERATOR),
    ]
    return report_of(told, pack, texts={1: f"```\n{HOSTILE}\n~~~"})


def test_typed_words_become_no_markup() -> None:
    text = markdown(packet("microsoft-support", hostile()))
    before, _, fenced = text.partition("````text\n")
    _, _, after = fenced.partition("\n````")
    outside = before + after

    assert fenced
    assert "<script>" not in outside.replace("\\<", "")
    assert "@octocat" not in outside
    assert "#1" not in outside
    assert "](" not in outside.replace("\\](", "")
    assert "\u202e" not in text
    assert TENANT in text
    assert "{{ run.tenant_id }}" in text.replace("\\", "")


def test_a_cell_of_the_table_cannot_be_broken_out_of() -> None:
    report = replace(whole_story(), people={LEAD: "A", OPERATOR: "B | x\n| y"})
    rows = [line for line in markdown(packet("partner", report)).split("\n") if line[:3] == "| 1"]

    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 11

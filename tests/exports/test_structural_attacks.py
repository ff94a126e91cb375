"""Whoever edits the structure of a record is found, though the manifest was put right (TL-05)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from runbook.exports.verifier import verify
from tests.exports.bundles import (
    FIRST,
    FOREIGN_KEY,
    KEY,
    NEW_KEY,
    SIGNED_AT,
    START,
    Forgery,
    bundle,
    judged,
    statement,
)

BUNDLE = bundle()
OTHER_RUN = "99999999-9999-4999-8999-999999999999"
HEAD = Forgery(BUNDLE).json("head.json")["body"]["head"]

Attack = Callable[[Forgery], object]


def lines(edit: Callable[[list[bytes]], object]) -> Attack:
    def attack(forged: Forgery) -> None:
        found = forged.lines
        edit(found)
        forged.lines = found

    return attack


def event(seq: int, **changes: Any) -> Attack:
    return lambda forged: forged.put_event(seq, {**forged.event(seq), **changes})


def cut_tail(forged: Forgery) -> None:
    forged.lines = forged.lines[:10]
    forged.relink()


def splice(forged: Forgery) -> None:
    said = forged.event(5)
    said["header"]["run"] = OTHER_RUN
    forged.put_event(5, said)
    forged.relink(first=6)


def foreign_head(forged: Forgery) -> None:
    other = Forgery(BUNDLE)
    head = other.json("head.json")
    head["body"]["run"] = OTHER_RUN
    other.put("head.json", head)
    other.sign(KEY)
    forged.files["head.json"] = other.files["head.json"]


def foreign_key(forged: Forgery) -> None:
    forged.put("keys.json", {"v": 1, "keys": [statement(FOREIGN_KEY, since=timedelta(0), seq=2)]})
    said = forged.event(5)
    said["header"]["actor"] = "m" * 32
    forged.put_event(5, said)
    forged.relink()
    head = forged.json("head.json")
    head["body"]["key_id"] = forged.json("keys.json")["keys"][0]["statement"]["key_id"]
    forged.put("head.json", head)
    forged.sign(FOREIGN_KEY)


def payload_swap(forged: Forgery) -> None:
    one, two = forged.event(5), forged.event(6)
    for name in ("payload", "salt"):
        one[name], two[name] = two[name], one[name]
    forged.put_event(5, one)
    forged.put_event(6, two)


def double_key(forged: Forgery) -> None:
    forged.files["events.jsonl"] = forged.files["events.jsonl"].replace(
        b'"seq":5,', b'"seq":4,"seq":5,', 1
    )


def newer_key(forged: Forgery) -> None:
    """Somebody has the key of today, and signs with it a head of the time before."""
    since = SIGNED_AT - START + timedelta(hours=1)
    new = statement(NEW_KEY, since=since, seq=9, after=KEY)
    forged.put("keys.json", {"v": 1, "keys": [FIRST, new]})
    cut_tail(forged)
    head = forged.json("head.json")
    head["body"]["key_id"] = new["statement"]["key_id"]
    forged.put("head.json", head)
    forged.sign(NEW_KEY)


def middle_link(forged: Forgery) -> None:
    said = forged.event(7)
    said["header"]["actor"] = "m" * 32
    forged.put_event(7, said)


def head_says(**changes: Any) -> Attack:
    def attack(forged: Forgery) -> None:
        head = forged.json("head.json")
        head["body"] |= changes
        forged.put("head.json", head)
        forged.sign(KEY)

    return attack


def unsigned(forged: Forgery) -> None:
    head = forged.json("head.json")
    head["body"]["key_id"] = head["signature"] = None
    forged.put("head.json", head)


def extra_field(forged: Forgery) -> None:
    said = forged.event(5)
    said["header"]["note"] = "x"
    forged.put_event(5, said)


ATTACKS: dict[str, tuple[Attack, int]] = {
    "swap": (lines(lambda x: x.__setitem__(slice(3, 5), [x[4], x[3]])), 1),
    "drop": (lines(lambda x: x.pop(4)), 1),
    "cut tail": (cut_tail, 1),
    "duplicate": (lines(lambda x: x.insert(4, x[4])), 1),
    "splice from another run": (splice, 1),
    "foreign head": (foreign_head, 1),
    "foreign key": (foreign_key, 3),
    "silent erase": (event(5, payload=None, salt=None), 1),
    "payload swap": (payload_swap, 1),
    "double JSON key": (double_key, 2),
    "newer key for older entry": (newer_key, 1),
    "middle link only": (middle_link, 1),
    "algorithm downgrade": (head_says(v=0), 2),
    "algorithm downgrade by a new field": (head_says(alg="none"), 2),
    "algorithm downgrade to no signature": (unsigned, 3),
    "unknown extra field": (extra_field, 2),
    "salt alone gone": (event(5, salt=None), 1),
    "erasure undone": (event(13, salt="00" * 32, payload={"data": {}}), 1),
    "float": (
        lambda forged: forged.files.update(
            {"events.jsonl": forged.files["events.jsonl"].replace(b'"seq":5,', b'"seq":5.0,', 1)}
        ),
        2,
    ),
    "text gone": (
        lambda forged: forged.files.pop(next(n for n in forged.files if n.startswith("texts/"))),
        1,
    ),
    "file of another content": (
        lambda forged: forged.files.update(
            {next(n for n in forged.files if n.startswith("files/")): b"x"}
        ),
        1,
    ),
    "file that no event names": (lambda forged: forged.files.update({"files/" + "0" * 64: b""}), 1),
    "another state": (lambda forged: forged.files.update({"state.json": b"{}"}), 1),
    "another definition": (
        lambda forged: forged.put(
            "definition.json", {**forged.json("definition.json"), "product": "Something else"}
        ),
        1,
    ),
    "another beginning": (
        lambda forged: forged.put(
            "genesis.json", {**forged.json("genesis.json"), "plan_digest": "0" * 64}
        ),
        1,
    ),
    "marked as redacted": (
        lambda forged: forged.put(
            "manifest.json", {**forged.json("manifest.json"), "derived": True, "profile": "public"}
        ),
        2,
    ),
    "head earlier than its event": (
        head_says(at=(START + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        1,
    ),
    "head of another size": (head_says(size=14), 1),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_found_though_the_manifest_was_put_right(name: str) -> None:
    forged, (attack, code) = Forgery(BUNDLE), ATTACKS[name]
    attack(forged)

    found = judged(forged.packed())

    assert found[0] == code, found


def test_packing_again_alone_is_no_attack() -> None:
    assert Forgery(BUNDLE).packed() == BUNDLE


def test_a_forger_with_the_key_is_found_only_by_who_holds_an_earlier_head() -> None:
    forged = Forgery(BUNDLE)
    cut_tail(forged)
    forged.files = {n: c for n, c in forged.files.items() if n[:5] not in {"files", "state"}}
    head = forged.json("head.json")
    forged.sign(KEY)

    assert judged(forged.packed())[0] == 0
    assert judged(forged.packed(), (15, HEAD))[0] == 1
    assert "rolled back" in judged(forged.packed(), (15, HEAD))[1]
    assert judged(forged.packed(), (10, head["body"]["head"]))[0] == 0
    assert judged(forged.packed(), (10, "0" * 64)) == (
        1,
        "Event 10 is not the one whose head somebody holds",
    )


def test_without_the_checks_the_attacks_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: nothing else in the file or in the way it is read stops them."""
    monkeypatch.setattr(verify, "must", lambda holds, sentence, code=1: None)
    passed = []
    for name, (attack, code) in ATTACKS.items():
        forged = Forgery(BUNDLE)
        attack(forged)
        if code == 1 and judged(forged.packed())[0] == 0:
            passed.append(name)

    assert {"swap", "drop", "cut tail", "duplicate", "silent erase", "payload swap"} <= set(passed)
    assert {"newer key for older entry", "middle link only", "foreign head"} <= set(passed)

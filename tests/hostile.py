"""Records that a forger wrote: every hash fits, nothing else needs to."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from runbook.domain import chain

SALT = "5a" * 32
Change = Callable[[dict[str, Any]], None]


def forged(
    content: bytes, *more: tuple[str, dict[str, Any]], change: Change | None = None
) -> bytes:
    """A JSON export with events of the forger's own behind the others, its chain made anew."""
    told = json.loads(content)
    for kind, data in more:
        last = told["events"][-1]
        at = datetime.fromisoformat(last["header"]["at"]) + timedelta(seconds=1)
        header = {**last["header"], "type": kind, "at": chain.format_time(at), "at_flag": None}
        payload = {"schema": 1, "happened_at": header["at"], "data": data}
        told["events"].append({"header": header, "payload": payload, "salt": SALT, "hash": ""})
    if change is not None:
        change(told)
    relinked(told)
    return canonical(told)


def relinked(told: dict[str, Any]) -> None:
    """Makes each event follow the one before it, and the head follow the last."""
    previous = told["genesis"]
    for seq, each in enumerate(told["events"], start=1):
        header = each["header"]
        header |= {"seq": seq, "prev": previous}
        if each["payload"] is not None:
            body = chain.canonical(each["payload"])
            header["payload_commit"] = chain.commitment(bytes.fromhex(each["salt"]), body)
        previous = each["hash"] = chain.event_hash(chain.canonical(header))
    told["head"] |= {"seq": len(told["events"]), "hash": previous}


def canonical(value: dict[str, Any]) -> bytes:
    """The one form in which the product writes an export."""
    return chain.canonical(value).encode()

"""The state of a run as text, for the projection: the same state always gives the same text."""

import json
from functools import cache

from pydantic import TypeAdapter

from runbook.domain.state import RunState


@cache
def _adapter() -> TypeAdapter[RunState]:
    return TypeAdapter(RunState)


def dump_state(state: RunState) -> str:
    """The state as JSON with sorted keys: a payload read back has its keys in another order."""
    data = _adapter().dump_python(state, mode="json")
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def load_state(text: str) -> RunState:
    """The state that `dump_state` wrote; an empty text is a run without events."""
    return _adapter().validate_json(text) if text else RunState()

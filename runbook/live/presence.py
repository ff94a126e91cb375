"""Who has a run before their eyes: here, and in the other processes of this installation."""

import uuid
from typing import Any

#: Seconds after which another process that was not heard of again is taken for gone.
STALE = 40.0
#: A message of PostgreSQL holds 8,000 bytes.
_MOST, _LONGEST = 40, 40

People = dict[str, str]


class Presence:
    """Names by person and run. What is here is the hub's; what is elsewhere is heard and ages."""

    def __init__(self) -> None:
        self.own = uuid.uuid4().hex
        self._elsewhere: dict[uuid.UUID, dict[str, tuple[float, People]]] = {}

    def hear(self, said: dict[str, Any], *, at: float) -> bool:
        """Keeps what another hub said about a run; whether that hub was unknown there."""
        hubs = self._elsewhere.setdefault(uuid.UUID(said["run"]), {})
        unknown = said["hub"] not in hubs
        if said["people"]:
            hubs[said["hub"]] = (at, said["people"])
        else:
            hubs.pop(said["hub"], None)
        return unknown and bool(said["people"])

    def age(self, *, at: float) -> set[uuid.UUID]:
        """Forgets the hubs that were silent too long; the runs that lost somebody."""
        changed = set()
        for run, hubs in list(self._elsewhere.items()):
            for hub in [hub for hub, (heard, _) in hubs.items() if at - heard > STALE]:
                del hubs[hub]
                changed.add(run)
            if not hubs:
                del self._elsewhere[run]
        return changed

    def everybody(self, run: uuid.UUID, *, here: People) -> People:
        """Each person once, wherever their tabs lead."""
        found: People = {}
        for _, people in self._elsewhere.get(run, {}).values():
            found |= people
        return found | here

    def message(self, run: uuid.UUID, *, here: People) -> dict[str, Any]:
        """What the other hubs should know about a run."""
        people = {who: name[:_LONGEST] for who, name in sorted(here.items())[:_MOST]}
        return {"hub": self.own, "run": str(run), "people": people}

"""What a failure text told, fact by fact: what it is, and why it matters to the next reader."""

from dataclasses import dataclass

from runbook.domain.diagnosis.family import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One fact of a text. `is_id` says that people copy it instead of reading it."""

    label: str
    value: str
    why: str
    is_id: bool = False


_CODE = "Names the layer that failed, rarely the cause."
_STATUS = "What the service behind the import answered; it tells whether waiting can help."
_PHASE = "Decides between importing again and finishing what is pending."
_NAME = "The same one on each try points at it; another one each time points at load."
_IDS = (
    ("activity", "Activity id", "Support finds this very operation by it."),
    ("correlation", "Correlation id", "Ties together what several services logged."),
    ("client_request", "Client request id", "Names the one request that was refused."),
    ("tracking", "Tracking id", "The service that failed logged it under this."),
    ("async_operation", "Operation id", "The background job; its end can be looked up."),
)


def facts_found(reading: Reading) -> tuple[Found, ...]:
    """All facts that the text told, in the order in which a reader asks for them."""
    facts = [Found(label="Code", value=code, why=_CODE, is_id=True) for code in reading.codes]
    if reading.status:
        facts.append(Found(label="Answer of the service", value=reading.status, why=_STATUS))
    if reading.phase:
        facts.append(Found(label="Phase", value=reading.phase.value, why=_PHASE))
    component = reading.component
    if component.name:
        label = component.type or "Component"
        facts.append(Found(label=label, value=component.name, why=_NAME))
    if component.id:
        facts.append(Found(label="Component id", value=component.id, why=_NAME, is_id=True))
    for name, label, why in _IDS:
        value = getattr(reading.ids, name)
        if value:
            facts.append(Found(label=label, value=value, why=why, is_id=True))
    if reading.versions:
        versions = ", ".join(reading.versions)
        facts.append(Found(label="Versions", value=versions, why="Which package this was."))
    return tuple(facts)

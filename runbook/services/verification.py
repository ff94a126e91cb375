"""How far a run is proved, and what somebody outside holds of it; for pages, without a write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits

from runbook import queries
from runbook.domain.errors import BrokenChain
from runbook.domain.heads import key_fingerprint
from runbook.models import Anchor, Head, Run
from runbook.services import anchors, heads

#: Each is followed by the receiver.
HOW = {
    anchors.EXPORT: "export to",
    anchors.MAIL: "mail to",
    anchors.FILE: "line in the file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCopy:
    """The newest head that left the installation: to whom, how and when."""

    size: int
    how: str
    receiver: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What may be said about a run. `size` is 0 while nothing is signed, `fault` is empty if all fits.

    What lies behind `size` was recorded since, and the next signature will cover it.
    """

    version: int
    size: int = 0
    at: datetime | None = None
    key: str = ""
    copy: OutsideCopy | None = None
    fault: str = ""


def verification_of(
    run: Run, *, names: Mapping[str, str] | None = None, deep: bool = False
) -> Verification:
    """What the newest signature and the newest outside copy prove; three statements at most.

    The signature is checked, and the event that it names must be the one on record; that everything
    before is whole was checked when it was signed. `deep` checks the chain and all signatures now.
    """
    head = Head.objects.filter(run=run).select_related("key").order_by("-size", "pk").first()
    copy = Anchor.objects.filter(run=run).order_by("-size", "-at").first()
    fault = _fault(run, head, copy, deep=deep)
    return Verification(
        version=run.version,
        size=head.size if head and not fault else 0,
        at=head.at if head and not fault else None,
        key=key_fingerprint(bytes.fromhex(head.key.public)) if head else "",
        copy=_copy(copy, names) if copy else None,
        fault=fault,
    )


def _fault(run: Run, head: Head | None, copy: Anchor | None, *, deep: bool) -> str:
    wanted = [each.size for each in (head, copy) if each]
    found = dict(run.events.filter(seq__in=wanted).values_list("seq", "digest")) if wanted else {}
    problem = heads.problem_of(head, digest=found.get(head.size)) if head else ""
    if problem:
        return problem
    if copy and found.get(copy.size) != copy.head:
        return f"event {copy.size} is not the one of which a copy left."
    if not deep:
        return ""
    try:
        queries.verify_run(run)
    except BrokenChain as broken:
        return broken.sentence
    return "; ".join(heads.problems_of(run))


def _is_actor(receiver: str) -> bool:
    """Whether this is somebody's id; else it is words about a receiver."""
    return len(receiver) == 32 and set(receiver) <= set(hexdigits)


def _copy(copy: Anchor, names: Mapping[str, str] | None) -> OutsideCopy:
    receiver = copy.receiver
    if copy.how == anchors.EXPORT or _is_actor(receiver):
        known = names if names and receiver in names else queries.people([receiver])
        receiver = known[receiver]
    return OutsideCopy(
        size=copy.size, how=HOW.get(copy.how, copy.how), receiver=receiver, at=copy.at
    )

"""One text made fit for one recipient: find in the decoded text, cut in the original, until calm.

Cutting is repeated until a pass finds nothing more to cut. So a second call changes nothing, and
what one cut had covered up is seen in the next pass. Which of two overlapping finds counts depends
on what they are, not on the order of the rules.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from runbook.domain.redaction.finding import (
    Find,
    best,
    finds,
    finds_nothing,
    plain_key,
    shows_nothing,
)
from runbook.domain.redaction.identifiers import RULES, RULES_VERSION
from runbook.domain.redaction.profiles import CAUTIOUS, CUTS, Kind, Profile, Tier
from runbook.domain.redaction.pseudonyms import Pseudonyms
from runbook.domain.redaction.rule import Rule
from runbook.domain.redaction.secrets import Masked
from runbook.domain.redaction.shadow import Edit, plain

_PASSES = 8
_SECRETS = tuple(rule for rule in RULES if rule.kind is Kind.SECRET)
_NOTHING: Mapping[str, "Decision"] = MappingProxyType({})
_UNKNOWN: Mapping[str, Kind] = MappingProxyType({})


class Decision(StrEnum):
    """What a person said about a thing of tier `ask`."""

    KEEP = "keep"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One find: where it stands in the original, what it is, and whether it was cut."""

    kind: Kind
    start: int
    end: int
    tier: Tier
    cut: bool
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text for one recipient, the pseudonyms to give back with the next, and every find."""

    text: str
    pseudonyms: Pseudonyms
    cuts: tuple[Cut, ...]
    rules_version: int = RULES_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is asked for, constant over the passes."""

    profile: Profile
    decisions: Mapping[str, Decision]
    known: Mapping[str, Kind]
    rules: tuple[Rule, ...]
    identities: Mapping[str, Kind]
    protected: int


def mask(text: str) -> Masked:
    """The text as it may be stored: every secret is replaced by `‹secret:kind›`, for good.

    Identifiers stay, support needs them. Masking twice changes nothing; linear in the length.
    """
    # Most lines of a record, and every export asks for each of them.
    if shows_nothing(text, _SECRETS):
        return Masked(text=text, removed=0)
    told = redact(text, Profile.INTERNAL)
    return Masked(text=told.text, removed=sum(cut.cut for cut in told.cuts))


def redact(
    text: str,
    profile: Profile,
    *,
    pseudonyms: Pseudonyms | None = None,
    decisions: Mapping[str, Decision] = _NOTHING,
    known: Mapping[str, Kind] = _UNKNOWN,
    label: str = "",
) -> Redacted:
    """The text without what the profile hides; linear in its length.

    `decisions` settles things of tier `ask` by their words in the text. `known` are words that are
    something wherever they stand, such as the name of an environment. `label` names what the text
    is, for a value that stands without its label. Equal arguments give equal results, and
    `redact(redact(text).text)` changes nothing.
    """
    head = f"{label}: " if label else ""
    seen = pseudonyms or Pseudonyms()
    if finds_nothing(head + text, RULES, known=known):  # most lines of a record
        return Redacted(text=text, pseudonyms=seen, cuts=())
    order = _Order(
        profile=profile,
        decisions={plain_key(words): said for words, said in decisions.items()},
        known=known,
        rules=RULES,
        protected=len(head),
        identities=_identities(seen, known),
    )
    return _redacted(head + text, order, seen)


def _redacted(text: str, order: _Order, seen: Pseudonyms) -> Redacted:
    applied: list[Find] = []
    shadow = plain(text)
    found: list[Find] = []
    for _ in range(_PASSES):
        seen_now = finds(shadow, order.rules, known=order.known, identities=order.identities)
        found = _chosen(seen_now, order)
        fresh = [find for find in found if find.cut]
        if not fresh:
            break
        seen = seen.having_seen((f.kind, f.key) for f in fresh if _is_numbered(f.kind))
        applied = _merged(applied, fresh)
        shadow = plain(text).edited(
            Edit(start=find.start, end=find.end, new=_placeholder(find, seen)) for find in applied
        )
    left = [find for find in found if not find.cut]
    return Redacted(
        text=shadow.text[order.protected :],
        pseudonyms=seen,
        cuts=tuple(
            Cut(
                kind=find.kind,
                start=find.start - order.protected,
                end=find.end - order.protected,
                tier=find.tier,
                cut=find.cut,
                rule=find.rule,
            )
            for find in sorted((*applied, *left), key=lambda each: (each.start, each.end))
        ),
    )


def _identities(seen: Pseudonyms, known: Mapping[str, Kind]) -> dict[str, Kind]:
    """GUIDs of which another text, or the caller, has told what they are."""
    told = [*((kind, key) for kind, key in seen.originals()), *((k, w) for w, k in known.items())]
    return best((kind, plain_key(words)) for kind, words in told)


def _is_numbered(kind: Kind) -> bool:
    return kind not in {Kind.SECRET, Kind.QUERY}


def _placeholder(find: Find, seen: Pseudonyms) -> str:
    if find.kind is Kind.SECRET:
        return f"‹secret:{find.label}›"
    return seen.name(find.kind, find.key) if _is_numbered(find.kind) else f"‹{find.kind.value}›"


def _merged(applied: list[Find], fresh: list[Find]) -> list[Find]:
    """Earlier cuts without those that a wider new one took in, and the new ones, in order."""
    starts = [find.start for find in fresh]
    kept = []
    for find in applied:
        place = bisect_right(starts, find.start) - 1
        if place < 0 or fresh[place].end < find.end:
            kept.append(find)
    return sorted((*kept, *fresh), key=lambda find: find.start)


def _chosen(found: list[Find], order: _Order) -> list[Find]:
    """One find for each place, in the order of the text."""
    judged = [_judged(find, order) for find in found if find.end > order.protected]
    starts: list[int] = []
    ends: list[int] = []
    chosen = []
    for find in sorted((f for f in judged if f.kind is not Kind.QUERY), key=lambda f: f.rank):
        place = bisect_left(starts, find.end)
        if place and ends[place - 1] > find.start:
            continue
        starts.insert(place, find.start)
        ends.insert(place, find.end)
        chosen.append(find)
    chosen.sort(key=lambda find: find.start)
    queries = [find for find in judged if find.kind is Kind.QUERY and find.cut]
    return _with_queries(chosen, sorted(queries, key=lambda f: (f.start, -f.end)))


def _with_queries(chosen: list[Find], queries: list[Find]) -> list[Find]:
    """The finds, with the whole query in place of what stands in it where an address has a cut."""
    starts = [find.start for find in chosen]
    gone: set[int] = set()
    taken_in: list[Find] = []
    for query in queries:
        if taken_in and query.start < taken_in[-1].end:
            continue
        first, last = bisect_left(starts, query.reach), bisect_left(starts, query.end)
        inside = [place for place in range(first, last) if chosen[place].end > query.start]
        if any(chosen[place].end >= query.end and chosen[place].cut for place in inside):
            continue
        if query.key == "cut" or any(chosen[place].cut for place in range(first, last)):
            gone.update(inside)
            taken_in.append(query)
    kept = [find for place, find in enumerate(chosen) if place not in gone]
    return sorted((*kept, *taken_in), key=lambda find: find.start)


def _judged(find: Find, order: _Order) -> Find:
    """Whether it goes, and from where: what stands in front of the text itself stays."""
    said = order.decisions.get(find.key) if find.tier is Tier.ASK else None
    if said:
        cut = said is Decision.CUT
    else:
        certain = find.tier is Tier.AUTO or order.profile in CAUTIOUS
        cut = certain and find.kind in CUTS[order.profile]
    if cut is find.cut and find.start >= order.protected:
        return find
    return replace(find, cut=cut, start=max(find.start, order.protected))

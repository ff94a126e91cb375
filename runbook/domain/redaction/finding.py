"""What the rules, the labels and the caller's own words see in one text.

Everything is found in the decoded text and placed in the original. Which of two overlapping finds
counts is decided elsewhere.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from runbook.domain.patterns import Match, Pattern, PatternSet, literal
from runbook.domain.redaction.labels import guids, is_guid, key_of_guid
from runbook.domain.redaction.profiles import Kind, Tier
from runbook.domain.redaction.pseudonyms import is_mark
from runbook.domain.redaction.rule import Rule, taken
from runbook.domain.redaction.shadow import ALL, Shadow, decoded, plain, stands_plain, unwrapped

_KEPT = "guid-kept"
#: What a GUID can be; where places disagree, the first of these counts.
IDENTITIES = (Kind.TENANT, Kind.ORGANIZATION, Kind.ENVIRONMENT, Kind.SUBSCRIPTION, Kind.USER)
_GUID_KINDS = frozenset(IDENTITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A find in the original, with the name that its pseudonym is made for."""

    kind: Kind
    start: int
    end: int
    tier: Tier
    rule: str
    key: str
    label: str = ""
    grows: bool = False
    reach: int = 0
    cut: bool = False

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str, int]:
        """What counts more comes first: what is cut, secrets, what is certain, what is longer."""
        return (
            not self.cut,
            self.kind is not Kind.SECRET,
            self.tier is Tier.ASK,
            self.start - self.end,
            f"{self.kind.value} {self.rule}",
            self.start,
        )


def finds(
    shadow: Shadow,
    rules: tuple[Rule, ...],
    *,
    known: Mapping[str, Kind],
    identities: Mapping[str, Kind],
) -> list[Find]:
    """All that is seen in the text as it is, as it is meant, and without soft wraps.

    `known` are words that are something wherever they stand, `identities` what GUIDs are.
    """
    books = _books(rules)
    read = decoded(shadow)
    found = [*_by_rules(read, books.every), *_by_label(read), *_by_words(read, known)]
    if read is not shadow:
        found += _by_rules(shadow, books.raw)
    for whole, breaks in unwrapped(read):
        across = (*_by_rules(whole, books.wrapping, breaks=breaks), *_by_label(whole, breaks))
        found += _only_across(across, found)
    return _identified(found, identities)


def finds_nothing(text: str, rules: tuple[Rule, ...], *, known: Mapping[str, Kind]) -> bool:
    """Whether it is plain at once that `finds` gives nothing."""
    if not shows_nothing(text, rules):
        return False
    shadow = plain(text)
    return not _by_label(shadow) and not _by_words(shadow, known)


def shows_nothing(text: str, rules: tuple[Rule, ...]) -> bool:
    """Whether it is plain at once that none of these rules finds anything, however it reads the text.

    Only for a text that means what it says, on one line: there all readings are the same.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return stands_plain(encoded) and not _books(rules).every.matching.matching(encoded)


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """Rules with their patterns, and the set that says in one pass which of them match."""

    rules: tuple[Rule, ...]
    patterns: tuple[Pattern, ...]
    matching: PatternSet


@dataclass(frozen=True, slots=True, eq=False)
class _Books:
    every: _Book
    raw: _Book
    wrapping: _Book


@lru_cache(maxsize=128)
def _books(rules: tuple[Rule, ...]) -> _Books:
    return _Books(
        every=_book(rules),
        raw=_book(tuple(rule for rule in rules if rule.raw)),
        wrapping=_book(tuple(rule for rule in rules if rule.wraps)),
    )


def _book(rules: tuple[Rule, ...]) -> _Book:
    patterns = tuple(_pattern(rule.source) for rule in rules)
    return _Book(rules, patterns, PatternSet(tuple(rule.source for rule in rules)))


@lru_cache(maxsize=256)
def _pattern(source: str) -> Pattern:
    return Pattern(source)


def _by_rules(shadow: Shadow, book: _Book, *, breaks: Sequence[int] | None = None) -> list[Find]:
    found = []
    for place in sorted(book.matching.matching(shadow.text)):
        rule = book.rules[place]
        for match in book.patterns[place].find(shadow.text, limit=ALL):
            if breaks is None or _crosses(match.start(), match.end(), breaks):
                find = _find(match, rule, shadow)
                if find:
                    found.append(find)
    return found


def _crosses(start: int, end: int, breaks: Sequence[int]) -> bool:
    place = bisect_right(breaks, start)
    return place < len(breaks) and breaks[place] < end


def _find(match: Match, rule: Rule, shadow: Shadow) -> Find | None:
    group = taken(match)
    words = match.group(group) or ""
    key = rule.key(match, shadow.text)
    if not key or is_mark(words):
        return None
    start, end = shadow.origin(match.start(group), match.end(group))
    return Find(
        kind=rule.kind,
        start=start,
        end=end,
        tier=rule.tier,
        rule=rule.slug,
        key=key,
        label=rule.label,
        grows=rule.grows,
        reach=shadow.origin(match.start(), match.end())[0] if rule.kind is Kind.QUERY else 0,
    )


def _by_label(shadow: Shadow, breaks: Sequence[int] | None = None) -> list[Find]:
    """GUIDs, each as what its label says. One that is kept counts if it is something elsewhere."""
    found = []
    for guid in guids(
        shadow.text, lambda start, end: breaks is None or _crosses(start, end, breaks)
    ):
        start, end = shadow.origin(guid.start, guid.end)
        found.append(
            Find(
                kind=guid.kind or Kind.ID,
                start=start,
                end=end,
                tier=Tier.AUTO if guid.kind else Tier.ASK,
                rule=_KEPT if guid.kept else f"guid-{(guid.kind or Kind.ID).value}",
                key=guid.key,
            )
        )
    return found


def _by_words(shadow: Shadow, known: Mapping[str, Kind]) -> list[Find]:
    """Words that the caller knows to be something, where they stand for themselves."""
    if not known:
        return []
    text, found = shadow.text, []
    for match in _any_of(tuple(sorted(known, key=lambda words: (-len(words), words)))).find(
        text, limit=ALL
    ):
        start, end = match.start(), match.end()
        if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            continue
        words = match.group() or ""
        origin = shadow.origin(start, end)
        found.append(
            Find(
                kind=known[words],
                start=origin[0],
                end=origin[1],
                tier=Tier.AUTO,
                rule="known",
                key=plain_key(words),
            )
        )
    return found


@lru_cache(maxsize=32)
def _any_of(words: tuple[str, ...]) -> Pattern:
    return Pattern("|".join(literal(each) for each in words), ignore_case=False)


def _only_across(finds: tuple[Find, ...], inside: list[Find]) -> list[Find]:
    """Finds over a line break; where one line holds the same kind, only those that grow on."""
    spans: dict[Kind, list[tuple[int, int]]] = {}
    for find in inside:
        spans.setdefault(find.kind, []).append((find.start, find.end))
    for each in spans.values():
        each.sort()
    return [find for find in finds if find.grows or not _overlaps(find, spans.get(find.kind, []))]


def _overlaps(find: Find, spans: list[tuple[int, int]]) -> bool:
    place = bisect_left(spans, (find.end, 0))
    return any(end > find.start for _, end in spans[max(0, place - 3) : place])


def best(told: Iterable[tuple[Kind, str]]) -> dict[str, Kind]:
    """What each GUID is, of all that was told about it."""
    best: dict[str, Kind] = {}
    for kind, key in told:
        if kind in _GUID_KINDS and is_guid(key):
            best[key] = min(kind, best.get(key, kind), key=IDENTITIES.index)
    return best


def _identified(finds: list[Find], identities: Mapping[str, Kind]) -> list[Find]:
    """Each GUID as what any place says that it is; the rest of those to keep are left out."""
    told = best((find.kind, find.key) for find in finds if find.rule != _KEPT)
    told = best([*((kind, key) for key, kind in (*told.items(), *identities.items()))])
    result = []
    for find in finds:
        kind = told.get(find.key)
        if kind and (find.kind is Kind.ID or find.kind in _GUID_KINDS):
            result.append(replace(find, kind=kind, tier=Tier.AUTO))
        elif find.rule != _KEPT:
            result.append(find)
    return result


def plain_key(words: str) -> str:
    """One form of the spellings of a thing, as the rules name it."""
    plain_words = words.strip()
    return key_of_guid(plain_words) if is_guid(plain_words) else plain_words.lower()

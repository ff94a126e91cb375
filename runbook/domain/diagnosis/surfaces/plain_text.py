"""Sentences of the portal and everything else that is just text; tells several errors apart.

A new error begins at a paragraph, a rule or a numbered line that brings its own code or its own
sentence of failure while the one before has one already.
"""

from dataclasses import dataclass, field

from runbook.domain.diagnosis.codes import codes_in
from runbook.domain.diagnosis.surfaces.handed import Handed, Surface
from runbook.domain.diagnosis.surfaces.limits import PARTS
from runbook.domain.diagnosis.surfaces.long_text import ENDS_ONLY, LEFT_OUT, excerpt
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.patterns import Pattern

NOTHING_FAILED = "Nothing in it looks like the report of a failure."

_FAILURE = Pattern(
    r"\berrors?\b|fail(?:ed|s)?\b|failure|failing|exception|cannot|can't|denied|timed? ?out|invalid"
)
_RULE = "-=_*~# \t"
_MARKED = frozenset("0123456789([-*•#eE")
_BULLETS = "-*•"
_AFTER_NUMBER = frozenset(".):")
_NUMBERED = Pattern(r"^\s*(?:\(?[0-9]{1,2}[.):]|[-*•]|error [0-9]{1,2}\b|#[0-9]{1,2}\b)\s")
_INNER = Pattern(r"^\s*(?:-+>|at |inner|caused by|stack|details)")
_WORDS = 5
_BLOCKS = 2000


@dataclass
class _Part:
    lines: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    tells: bool = False


def looks_like(paste: Paste) -> bool:
    """Always; this is the last kind."""
    return True


def read(paste: Paste) -> Handed:
    """The text as it stands."""
    return as_text(paste.text, kind=Surface.PORTAL_TEXT)


def as_text(text: str, *, kind: Surface, notes: tuple[str, ...] = ()) -> Handed:
    """A text with its errors told apart; of no kind if nothing in it speaks of a failure.

    Of a long text the parts hold what tells, and a note says so.
    """
    read = excerpt(text)
    if read.note and not {LEFT_OUT, ENDS_ONLY}.intersection(notes):
        notes = (*notes, read.note)
    if kind is Surface.PORTAL_TEXT and _FAILURE.search(text) is None and not codes_in(read.text):
        return Handed(kind=Surface.UNKNOWN, text=text, notes=(*notes, NOTHING_FAILED))
    return Handed(kind=kind, text=text, parts=parts_of(read.text), notes=notes)


def parts_of(text: str) -> tuple[str, ...]:
    """The errors of a text, each with the lines around it; one part if they cannot be told apart."""
    parts = [_Part()]
    for block in _blocks(text):
        if len(parts) == PARTS:  # all that follows belongs to the last, which tells already
            parts[-1].lines += [*block, ""]
            continue
        codes = set(codes_in("\n".join(block)))
        tells = _tells(block)
        now = parts[-1]
        another = bool(codes and now.codes and not codes & now.codes)
        another = another or (tells and now.tells and not (codes and not now.codes))
        inner = _INNER.search(block[0]) is not None
        if another and not inner:
            parts.append(_Part())
        parts[-1].lines += [*block, ""]
        parts[-1].codes |= codes
        parts[-1].tells |= tells
    found = tuple("\n".join(part.lines).strip() for part in parts if part.codes or part.tells)
    return found or (text,)


def _tells(block: list[str]) -> bool:
    """Whether a block is a sentence of failure and not just a label."""
    if _FAILURE.search("\n".join(block)) is None:
        return False
    return any(len(line.split()) >= _WORDS and _FAILURE.search(line) for line in block)


def _blocks(text: str) -> list[list[str]]:
    """Paragraphs, and the numbered lines inside them."""
    blocks: list[list[str]] = []
    fresh = True
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line.strip(_RULE):
            fresh = True
            continue
        if not blocks or (len(blocks) < _BLOCKS and (fresh or _is_numbered(line))):
            blocks.append([])
        blocks[-1].append(line)
        fresh = False
    return blocks


def _is_numbered(line: str) -> bool:
    begin = line.lstrip()[:3]
    if begin[:1] not in _MARKED or (begin[0].isdigit() and _AFTER_NUMBER.isdisjoint(begin)):
        return False
    if begin[0] in _BULLETS and not begin[1:2].isspace():
        return False
    return _NUMBERED.search(line) is not None

"""The page of a packet as values: the text that goes out piece by piece, and what is still missing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from runbook.domain.pack import Pack, Recipient
from runbook.domain.packet import Packet, Section
from runbook.domain.packet_case import Fact
from runbook.domain.packet_facts import missing_facts
from runbook.domain.packet_preview import Piece, pieces
from runbook.domain.presenting import fill
from runbook.domain.retries import import_step
from runbook.domain.state import RunState
from runbook.domain.steps import Question, Step
from runbook.exports.escaping import shown

Pieces = tuple[Piece, ...]
#: Stands for the page itself where a step is named.
HERE = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFact:
    """A fact for the template: values, or a text, or a table."""

    label: str
    exact: bool
    values: tuple[Pieces, ...]
    text: Pieces
    heads: tuple[str, ...]
    rows: tuple[tuple[Pieces, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A section for the template: its heading, its words, its facts."""

    title: str
    lines: tuple[Pieces, ...]
    facts: tuple[ShownFact, ...]


def missing_words(state: RunState, pack: Pack, *, recipient: Recipient) -> str:
    """How many facts this recipient would ask back for; the packet itself is not made for it."""
    number = len(missing_facts(state, pack, recipient=recipient))
    return f"{number} fact{'' if number == 1 else 's'} missing" if number else "nothing missing"


def sections_of(packet: Packet, originals: Mapping[str, str]) -> list[ShownSection]:
    """The packet with every cut marked."""
    return [_section(section, packet, originals) for section in packet.sections]


def _section(section: Section, packet: Packet, originals: Mapping[str, str]) -> ShownSection:
    def cut(text: str) -> Pieces:
        return pieces(shown(text), originals)

    def fact(each: Fact) -> ShownFact:
        noted = (f"{v.text} ({v.note})" if v.note else v.text for v in each.values)
        return ShownFact(
            label=each.label,
            exact=each.exact,
            values=tuple(cut(text) for text in noted),
            text=cut(each.text),
            heads=each.table.heads if each.table else (),
            rows=tuple(
                tuple(cut(cell) for cell in row) for row in (each.table.rows if each.table else ())
            ),
        )

    return ShownSection(
        title=section.title,
        lines=tuple(cut(fill(line, packet.values)) for line in section.lines),
        facts=tuple(fact(each) for each in section.facts),
    )


def asked_here(pack: Pack, recipient: Recipient) -> tuple[Question, ...]:
    """The questions of the import step that this recipient wants answered.

    A failure is handed over while the import is open, so its step takes the answers.
    """
    wanted = {*recipient.facts, *(slug for each in recipient.passages for slug in each.facts)}
    step = pack.runbook.step(import_step(pack))
    return tuple(question for question in step.questions if question.slug in wanted)


def questions_step(pack: Pack, recipient: Recipient) -> Step:
    """The import step with nothing but these questions, to build a form of."""
    step = pack.runbook.step(import_step(pack))
    return replace(step, questions=asked_here(pack, recipient), checks=(), slots=())


def gap_groups(packet: Packet, pack: Pack) -> list[tuple[str, str, list[Fact]]]:
    """What is missing, by the step that captures it: its slug and title, `here` for this page."""
    here = {question.slug for question in asked_here(pack, packet.recipient)}
    titles = {step.slug: step.title for step in pack.runbook.steps}
    groups: dict[str, list[Fact]] = {}
    for fact in packet.missing:
        groups.setdefault(HERE if fact.slug in here else fact.step, []).append(fact)
    return [(step, titles.get(step, ""), facts) for step, facts in groups.items()]

"""The ten promises of the engine, each as a function that finds what breaks it in a history."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.decisions.runs import unmet_criteria
from runbook.domain.progress import standings
from runbook.domain.retries import import_step
from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.state import RunState, evolve, replay
from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import ImportOption, InstalledState, Role
from tests.domain.history import History
from tests.domain.wishes import AT_EVERY_STAGE

ENDS = (ev.AttemptSucceeded, ev.AttemptFailed, ev.AttemptUnknown, ev.AttemptCancelled)
MAY_IMPORT = frozenset({InstalledState.ROLLED_BACK})
MAY_APPLY = frozenset({InstalledState.PENDING, InstalledState.ALREADY_EXISTS})


def replay_gives_the_state(run: History) -> Iterable[str]:
    """1: the events alone, written down and read back, give the same state."""
    read_back = [
        ev.Recorded(
            seq=entry.seq,
            event=ev.from_payload(
                entry.event.type, json.loads(json.dumps(ev.to_payload(entry.event)))
            ),
            recorded_at=entry.recorded_at,
            happened_at=entry.happened_at,
            actor=entry.actor,
        )
        for entry in run.entries
    ]
    if replay(read_back) != run.state:
        yield "the replay differs from the state"
    if load_state(dump_state(run.state)) != run.state:
        yield "the state does not survive being written down"


def linked(entries: Sequence[ev.Recorded]) -> list[chain.Link]:
    """The entries as a chain, as the timeline service would store them."""
    previous, links = "0" * 64, []
    for entry in entries:
        salt, body = entry.seq.to_bytes(32, "big"), chain.canonical(ev.to_payload(entry.event))
        text = chain.header_text(
            chain.Header(
                run="run",
                seq=entry.seq,
                prev=previous,
                type=entry.event.type,
                at=entry.recorded_at,
                at_flag=None,
                actor=entry.actor,
                actor_kind="user",
                run_version=entry.seq,
                payload_commit=chain.commitment(salt, body),
            )
        )
        previous = chain.event_hash(text)
        links.append(chain.Link(seq=entry.seq, header=text, digest=previous, salt=salt, body=body))
    return links


def numbers_have_no_gap(run: History) -> Iterable[str]:
    """2: sequence numbers count from 1, times never fall, and the chain verifies."""
    if [entry.seq for entry in run.entries] != list(range(1, len(run.entries) + 1)):
        yield "the numbers have a gap"
    times = [entry.recorded_at for entry in run.entries]
    if times != sorted(times) or len(set(times)) != len(times):
        yield "the recorded times do not rise"
    count, _ = chain.verify(linked(run.entries), start="0" * 64, run="run")
    if count != len(run.entries) or count != run.state.seq:
        yield "the chain and the state count differently"


def _walk(run: History) -> Iterable[tuple[RunState, ev.Recorded]]:
    """Each entry with the state before it."""
    state = RunState()
    for entry in run.entries:
        yield state, entry
        state = evolve(state, entry)


def one_attempt_at_a_time(run: History) -> Iterable[str]:
    """3: one open attempt at most, and none before its time unless the lead cut the wait short."""
    open_number = 0
    for before, entry in _walk(run):
        if isinstance(entry.event, ev.AttemptStarted):
            if open_number:
                yield f"attempt {entry.event.number} starts while {open_number} is open"
            open_number = entry.event.number
            wait = before.retry
            if wait and not wait.overridden and entry.recorded_at < wait.due:
                yield f"attempt {entry.event.number} starts before its time"
        if isinstance(entry.event, ENDS):
            open_number = 0


def nothing_starts_unread(run: History) -> Iterable[str]:
    """4: after an attempt that did not clearly succeed, only a reading opens the next one."""
    seen: InstalledState | None = None
    tried = False
    for _, entry in _walk(run):
        match entry.event:
            case ev.StateRead(state=state):
                seen = state
            case ev.DiagnosisChosen() | ev.RemovalRecorded() | ev.RunAdopted():
                seen, tried = None, True
            case ev.AttemptStarted(number=number, option=option):
                allowed = MAY_APPLY if option is ImportOption.APPLY_UPGRADE else MAY_IMPORT
                if (tried and seen is None) or (seen is not None and seen not in allowed):
                    yield f"attempt {number} starts on the reading {seen}"
                seen, tried = None, True
            case _:
                pass


def list_before_each_retry(run: History) -> Iterable[str]:
    """4, second half: the list before a retry is answered anew, after the attempt before it."""
    step = import_step(run.pack)
    answered: set[str] = set()
    wanted = {check.slug for check in run.pack.readiness.before_retry}
    for before, entry in _walk(run):
        if isinstance(entry.event, ev.CheckRecorded) and entry.event.step == step:
            answered.add(entry.event.check)
        if isinstance(entry.event, ENDS):
            answered.clear()
        retrying = isinstance(entry.event, ev.AttemptStarted) and (
            before.attempts or before.adopted
        )
        if retrying and not wanted <= answered:
            yield f"event {entry.seq} starts an attempt with an old list"


def base_is_never_removed(run: History) -> Iterable[str]:
    """5: what is removed is the holding solution, and the base was listed beside it."""
    for before, entry in _walk(run):
        if not isinstance(entry.event, ev.RemovalRecorded):
            continue
        suffix, seen = run.pack.readiness.holding_suffix, before.last_reading
        if entry.event.solution != f"{before.answers['solution']}{suffix}":
            yield f"{entry.event.solution} was removed"
        if seen is None or not (seen.base_version and seen.holding_version):
            yield "something was removed that may be the only layer"
        if not entry.event.backup_reference.strip():
            yield "something was removed without a backup"


def reasons_are_given(run: History) -> Iterable[str]:
    """6: whoever leaves the straight way says why."""
    asking = (
        *(ev.StepSkipped, ev.StepReopened, ev.RetryOverridden, ev.RunAbandoned, ev.RunPaused),
        *(ev.AttemptCancelled, ev.ClaimTakenOver, ev.HandoverWithdrawn),
    )
    for entry in run.entries:
        if isinstance(entry.event, asking) and not entry.event.reason.strip():
            yield f"event {entry.seq} gives no reason"


def definition_stays(run: History) -> Iterable[str]:
    """7: no event names a definition, or a step, other than those the run began with."""
    if (run.state.pack_digest, run.state.steps) != (
        run.pack.digest,
        tuple(step.slug for step in run.pack.runbook.steps),
    ):
        yield "the run changed its definition"
    for entry in run.entries:
        step = getattr(entry.event, "step", "")
        if step and step not in run.state.steps:
            yield f"event {entry.seq} names the step {step}"
        digest = getattr(entry.event, "pack_digest", run.pack.digest)
        if digest != run.pack.digest:
            yield f"event {entry.seq} follows another definition"


def same_answers_same_steps(run: History) -> Iterable[str]:
    """8: what applies depends on the answers, not on their order or on how often one asks."""
    turned = replace(run.state, answers=dict(reversed([*run.state.answers.items()])))
    shown = standings(run.state, run.pack)
    if shown != standings(run.state, run.pack) or shown != standings(turned, run.pack):
        yield "the steps differ although no answer changed"


def closing_is_honest(run: History) -> Iterable[str]:
    """10: closed as whole only with nothing open; partial only with a reason."""
    for before, entry in _walk(run):
        if not isinstance(entry.event, ev.RunClosed):
            continue
        open_things = unmet_criteria(before, run.pack, now=entry.recorded_at)
        if open_things and not entry.event.partial:
            yield f"closed as whole with {open_things}"
        if entry.event.partial and not entry.event.reason.strip():
            yield "closed as partial without a reason"


_AFTER_THE_END = (ev.NoteAdded, ev.ExportMade, ev.MemberAdded, ev.MemberRemoved, ev.RoleChanged)


def nothing_after_the_end(run: History) -> Iterable[str]:
    """A frozen run takes notes, marked as such, and nothing else but the note of an export."""
    for before, entry in _walk(run):
        if before.is_frozen and not isinstance(entry.event, _AFTER_THE_END):
            yield f"event {entry.seq} follows the end"
        if isinstance(entry.event, ev.NoteAdded) and entry.event.after_close != before.is_frozen:
            yield f"note {entry.seq} hides when it was written"


def moves_are_in_the_table(run: History) -> Iterable[str]:
    """What happened is what the transition table allows."""
    for before, action, after in run.taken:
        targets = TRANSITIONS[before].get(action, frozenset())
        if after not in targets and not (action in AT_EVERY_STAGE and before is after):
            yield f"{action.value} led from {before.value} to {after.value}"


def claims_are_respected(run: History) -> Iterable[str]:
    """3, second half: nobody works on a step that somebody else holds."""
    working = (
        *(ev.CheckRecorded, ev.FactsRecorded, ev.DecisionRecorded, ev.EvidenceAdded),
        *(ev.StepCompleted, ev.StepSkipped, ev.StepReopened, ev.WaitStarted, ev.WaitEnded),
        *(ev.StateRead, ev.AttemptStarted),
    )
    for before, entry in _walk(run):
        if not isinstance(entry.event, working):
            continue
        step = getattr(entry.event, "step", import_step(run.pack))
        claim = before.team.claims.get(step)
        if claim and claim.actor != entry.actor:
            yield f"event {entry.seq} works on a step that another holds"


def a_second_person_signs(run: History) -> Iterable[str]:
    """Nobody signs off what they did themselves."""
    for before, entry in _walk(run):
        if isinstance(entry.event, ev.StepSignedOff):
            mark = before.marks.get(entry.event.step)
            if mark is None or mark.actor == entry.actor:
                yield f"event {entry.seq} signs its own work"


def a_lead_remains(run: History) -> Iterable[str]:
    """AZ-07: a run is never left without somebody who may decide about it."""
    if run.entries and Role.LEAD not in run.state.members.values():
        yield "the run has no lead"


INVARIANTS: tuple[Callable[[History], Iterable[str]], ...] = (
    replay_gives_the_state,
    numbers_have_no_gap,
    one_attempt_at_a_time,
    nothing_starts_unread,
    list_before_each_retry,
    base_is_never_removed,
    reasons_are_given,
    definition_stays,
    same_answers_same_steps,
    closing_is_honest,
    nothing_after_the_end,
    moves_are_in_the_table,
    claims_are_respected,
    a_second_person_signs,
    a_lead_remains,
)


def faults(run: History) -> list[str]:
    """Everything in a history that breaks a promise; empty when all hold."""
    return [f"{rule.__name__}: {fault}" for rule in INVARIANTS for fault in rule(run)]

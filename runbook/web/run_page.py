"""The run page as one value: what the templates show, nothing they would have to compute."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from runbook import queries
from runbook.domain.access import may
from runbook.domain.decisions.runs import unmet_criteria
from runbook.domain.diagnosis.family import Diagnosis, ErrorFamily
from runbook.domain.progress import Standing, is_settled, missing, next_step, standings
from runbook.domain.readiness import ReadinessRow, row_for
from runbook.domain.retries import (
    Blocker,
    blockers,
    checks_before_retry,
    governing_family,
    import_step,
)
from runbook.domain.state import Attempt, RunState
from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import Action, Confidence, RunStage, StepKind, StepState
from runbook.exports import FORMATS
from runbook.models import Note, User
from runbook.queries import OpenRun
from runbook.services import files
from runbook.web import together
from runbook.web.forms import attempts as attempt_forms
from runbook.web.forms import runs as run_forms
from runbook.web.forms import steps as step_forms
from runbook.web.forms import together as together_forms
from runbook.web.grouping import grouped

Forms = dict[str, forms.Form]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A run with one of its steps on the screen."""

    run: OpenRun
    now: datetime
    found: tuple[Standing, ...]
    current: Standing

    @property
    def state(self) -> RunState:
        return self.run.state


def select(run: OpenRun, *, step: str = "", now: datetime) -> Selection:
    """The asked step, or the one to act on next; KeyError for a step that the run has not."""
    found = standings(run.state, run.pack)
    if step:
        chosen = next((s for s in found if s.step.slug == step), None)
        if chosen is None:
            raise KeyError(step)
    else:
        chosen = next_step(found) or found[-1]
    return Selection(run=run, now=now, found=found, current=chosen)


def panel_of(selection: Selection) -> str:
    """The template of the middle column for where the run stands."""
    kind, stage = selection.current.step.kind, selection.state.stage
    if kind is StepKind.IMPORT and selection.current.state is not StepState.BLOCKED:
        return f"runs/import/_{stage.value.replace(' ', '_')}.html"
    if kind is StepKind.STATE and selection.current.is_open:
        return "runs/panels/_state.html"
    if kind is StepKind.WAIT and selection.current.is_open:
        return "runs/panels/_wait.html"
    if kind is StepKind.CLOSE and selection.current.is_open:
        return "runs/panels/_close.html"
    return "runs/panels/_work.html"


def fresh_forms(selection: Selection) -> Forms:
    """Every form that the panel may show, unbound, with the version that the page shows."""
    run, state, current = selection.run, selection.state, selection.current
    guard: dict[str, Any] = {"version": run.row.version, "zone": state.time_zone}
    made: Forms = {
        "note": run_forms.NoteForm(
            **guard, draft=f"{run.row.pk}:note", initial={"step": current.step.slug}
        ),
        "reason": step_forms.ReasonForm(**guard),
        "plain": step_forms.PlainForm(**guard),
        "escalation": attempt_forms.EscalationForm(**guard, pack=run.pack),
        "sign_off": together_forms.SignOffForm(**guard),
        "answer": together_forms.AnswerForm(**guard),
    }
    if current.step.kind is StepKind.IMPORT:
        return made | _import_forms(selection, guard)
    made["step"] = step_forms.StepForm(**guard, work=current.step, state=state)
    if current.step.kind is StepKind.STATE:
        made["state"] = attempt_forms.StateForm(**guard)
    if current.step.kind is StepKind.CLOSE:
        made["close"] = run_forms.CloseForm(**guard)
    return made


def _import_forms(selection: Selection, guard: dict[str, Any]) -> Forms:
    run, state = selection.run, selection.state
    base = state.answers.get("solution", "")
    suffix = run.pack.readiness.holding_suffix
    evidence_only = replace(selection.current.step, checks=(), questions=())
    return {
        "step": step_forms.StepForm(**guard, work=evidence_only, state=state),
        "start": attempt_forms.StartAttemptForm(
            **guard,
            applying=state.stage is RunStage.UPGRADE_PENDING,
            initial={
                "file_name": state.answers.get("package_file", ""),
                "file_version": state.answers.get("target_version", ""),
                "file_sha256": state.answers.get("package_sha256", ""),
            },
        ),
        "attempt": attempt_forms.AttemptForm(**guard, draft=f"{run.row.pk}:error"),
        "state": attempt_forms.StateForm(**guard),
        "repair": attempt_forms.RepairForm(**guard),
        "removal": attempt_forms.RemovalForm(**guard, base=base, holding=f"{base}{suffix}"),
        "diagnosis": attempt_forms.DiagnosisForm(
            **guard, pack=run.pack, suggested=[family.slug for _, family in _offered(run)]
        ),
        "retry_checks": retry_checks_form(run),
    }


def retry_checks_form(run: OpenRun, data: Mapping[str, Any] | None = None) -> forms.Form:
    """The list to answer before the next attempt."""
    return step_forms.ChecksForm(
        data,
        version=run.row.version,
        zone=run.state.time_zone,
        checks=checks_before_retry(run.state, run.pack),
        step=import_step(run.pack),
        state=run.state,
        attempt=len(run.state.attempts) + 1,
    )


def run_context(selection: Selection, forms_: Forms, *, user: User, **extra: Any) -> dict[str, Any]:
    """The context of the run page and of each of its fragments."""
    run, state, now = selection.run, selection.state, selection.now
    attempt = state.current_attempt
    family = governing_family(attempt, run.pack)
    entries = queries.timeline_page(run.row)
    standing_in_the_way = _blockers(selection)
    texts = _texts_of(run, attempt)
    return {
        "run": run,
        "state": state,
        "pack": run.pack,
        "zone": ZoneInfo(state.time_zone),
        "now": now.astimezone(UTC),
        "found": selection.found,
        "settled": sum(1 for standing in selection.found if is_settled(standing)),
        "phases": _by_phase(selection.found),
        "current": selection.current,
        "next": next_step(selection.found),
        "step": selection.current.step,
        "values": state.answers,
        "solution_title": _solution_title(run),
        "mark": state.marks.get(selection.current.step.slug),
        "panel": panel_of(selection),
        "forms": forms_,
        "attempt": attempt,
        "family": family,
        "families": _offered(run),
        "error_text": texts.get(attempt.error_digest) if attempt else None,
        "log_rows": _log_rows(texts.get(attempt.rows_digest)) if attempt else [],
        "experience": queries.experience_of(user, attempt.fingerprint) if attempt else None,
        "notes": _notes(run),
        "kept_files": _kept_files(selection),
        "reading_row": _row(run),
        "blockers": standing_in_the_way,
        "open_checks": sum(1 for blocker in standing_in_the_way if blocker.check),
        "missing": missing(state, selection.current.step, now=now),
        "unmet": unmet_criteria(state, run.pack, now=now)
        if selection.current.step.kind is StepKind.CLOSE
        else (),
        "allowed": _allowed(run),
        "export_formats": FORMATS.values(),
        "entries": entries,
        "groups": grouped(entries),
        "more": bool(entries) and entries[-1].seq > 1,
        "people": queries.people(_named(state)),
        **together.context(run, selection.current, now=now, viewer=user),
        **extra,
    }


def _kept_files(selection: Selection) -> dict[str, list[files.Shown]]:
    """The files of the step by slot; a step without slots costs no statement."""
    step = selection.current.step
    return files.of_step(selection.run.row, step.slug) if step.slots else {}


def _named(state: RunState) -> set[str]:
    actors = set(state.members)
    actors |= {mark.actor for mark in state.marks.values()}
    actors |= {mark.actor for mark in state.checks.values()}
    actors |= {attempt.operator for attempt in state.attempts}
    if state.last_reading:
        actors.add(state.last_reading.actor)
    return actors | together.named(state)


def _by_phase(found: tuple[Standing, ...]) -> dict[str, list[Standing]]:
    phases: dict[str, list[Standing]] = {}
    for standing in found:
        phases.setdefault(standing.phase, []).append(standing)
    return phases


def _offered(run: OpenRun) -> list[tuple[Diagnosis, ErrorFamily]]:
    """The diagnoses of the last text with their families; what a person chose stands first."""
    attempt = run.state.current_attempt
    if attempt is None or attempt.reading is None:
        return []
    found = {each.family: each for each in attempt.reading.diagnoses}
    if attempt.chosen:
        chosen = found.pop(attempt.family, None) or _chosen(run.pack.family(attempt.family))
        found = {attempt.family: chosen, **found}
    return [(each, run.pack.family(slug)) for slug, each in found.items()]


def _chosen(family: ErrorFamily) -> Diagnosis:
    """A family that no word of the text suggested; only a person stands behind it."""
    return Diagnosis(
        family=family.slug,
        revision=family.revision,
        confidence=Confidence.POSSIBLE,
        disposition=family.disposition,
        quote="",
        reason="The text did not suggest this family; a person chose it.",
        matched_by="a person",
    )


def _solution_title(run: OpenRun) -> str:
    """The solution by the title that people use; by its unique name where the pack knows none."""
    name = run.state.answers.get("solution", "")
    known = {solution.unique_name: solution.title for solution in run.pack.solutions}
    return known.get(name) or name or run.pack.title


def _texts_of(run: OpenRun, attempt: Attempt | None) -> dict[str, str | None]:
    """The error text and the failing rows of the last attempt, by digest."""
    wanted = [attempt.error_digest, attempt.rows_digest] if attempt else []
    return queries.evidence_texts(run.row, [digest for digest in wanted if digest])


def _log_rows(text: str | None) -> list[dict[str, str]]:
    return json.loads(text) if text else []


def _notes(run: OpenRun) -> list[Note]:
    """What people learned about the families that the last text suggests."""
    attempt = run.state.current_attempt
    if attempt is None or attempt.reading is None:
        return []
    return queries.notes_on("family", [each.family for each in attempt.reading.diagnoses])


def _row(run: OpenRun) -> ReadinessRow | None:
    seen = run.state.last_reading
    return row_for(run.pack.readiness, seen.sighting) if seen else None


def _blockers(selection: Selection) -> tuple[Blocker, ...]:
    if selection.current.step.kind is not StepKind.IMPORT:
        return ()
    return blockers(selection.state, selection.run.pack, now=selection.now)


def _allowed(run: OpenRun) -> frozenset[str]:
    """What this person may do at this stage, as underscored words for templates."""
    return frozenset(
        action.value.replace(" ", "_")
        for action in Action
        if may(run.role, action)
        and (action in TRANSITIONS[run.state.stage] or action in {Action.VIEW, Action.EXPORT})
    )

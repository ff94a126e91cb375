"""When a run should be handed to somebody else; the rules' words live in the pack."""

from datetime import datetime

from runbook.domain.pack import Pack
from runbook.domain.retries import governing_family, import_step, starts_of
from runbook.domain.retry import is_exhausted
from runbook.domain.state import RunState, check_key
from runbook.domain.vocabulary import PASSING, InstalledState

LIMIT_REACHED = "limit-reached"
UNKNOWN_ERROR = "unknown-error"
DATA_DAMAGE = "data-damage"
OPERATION_OPEN_TOO_LONG = "operation-open-too-long"
HEALTH_CLEAR_BUT_FAILING = "health-clear-but-failing"
TEST_WORKS_PRODUCTION_FAILS = "test-works-production-fails"
REPAIRS_DID_NOT_HELP = "repairs-did-not-help"


def due_rules(state: RunState, pack: Pack, *, now: datetime) -> tuple[str, ...]:
    """The escalation rules that apply now and were not drafted before (`engine.md` section 6)."""
    known = {rule.slug for rule in pack.escalation_rules}
    applying = [slug for slug, applies in _rules(state, pack, now=now).items() if applies]
    return tuple(slug for slug in applying if slug in known and slug not in state.escalation)


def _rules(state: RunState, pack: Pack, *, now: datetime) -> dict[str, bool]:
    family = governing_family(state.current_attempt, pack)
    tried = starts_of(state, pack, family=family) if family else ()
    seen = state.last_reading
    return {
        LIMIT_REACHED: bool(
            family and family.ladder and is_exhausted(family.ladder, tried, now=now)
        ),
        UNKNOWN_ERROR: bool(
            family and family.slug == pack.fallback_family and _times_seen(state, family.slug) > 1
        ),
        DATA_DAMAGE: bool(seen and seen.state in {InstalledState.BASE_GONE, InstalledState.MIXED}),
        OPERATION_OPEN_TOO_LONG: bool(
            seen
            and seen.state is InstalledState.RUNNING
            and seen.operation_minutes >= pack.readiness.operation_limit_minutes
        ),
        HEALTH_CLEAR_BUT_FAILING: bool(family) and len(tried) > 1 and _all_was_well(state, pack),
        TEST_WORKS_PRODUCTION_FAILS: bool(family)
        and len(tried) > 1
        and state.answers.get("test_result") == "passed"
        and state.answers.get("is_production") == "yes",
        REPAIRS_DID_NOT_HELP: state.repairs > 1 and state.repaired_after < len(state.attempts),
    }


def _all_was_well(state: RunState, pack: Pack) -> bool:
    """Whether everything looked at before the last try, health among it, was found in order."""
    step, number = import_step(pack), len(state.attempts)
    # Applying a pending upgrade imports no file, so what is asked about the file may be unanswered.
    asked = [c.slug for c in pack.readiness.before_retry if not c.import_only]
    marks = [state.checks.get(check_key(step, slug)) for slug in asked]
    return all(m is not None and m.attempt == number and m.result in PASSING for m in marks)


def _times_seen(state: RunState, family: str) -> int:
    return sum(1 for attempt in state.attempts if attempt.family == family)

"""Retry policies and the earliest sensible moment for the next attempt (`engine.md` section 6)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class OffPeak(StrEnum):
    """Whether a rung of the ladder looks for a quiet hour."""

    ANY_TIME = "any time"
    PREFERRED = "preferred"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One wait: at least `interval_minutes`; with `preferred`, a quiet hour up to the maximum wins."""

    interval_minutes: int
    maximum_interval_minutes: int = 0
    off_peak: OffPeak = OffPeak.ANY_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The ladder of a family: one rung per retry, the last repeats, until the attempts are used up.

    `maximum_attempts` counts attempts, the first included, that started within `window_hours`.
    """

    rungs: tuple[Rung, ...]
    maximum_attempts: int
    window_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When an environment is quiet, in local time; weekends count whole."""

    begins: int = 22
    ends: int = 6
    weekends: bool = True


def rung_for(policy: RetryPolicy, retry: int) -> Rung:
    """The rung for the nth retry, counted from 1."""
    return policy.rungs[min(retry, len(policy.rungs)) - 1]


def attempts_in_window(policy: RetryPolicy, starts: tuple[datetime, ...], *, now: datetime) -> int:
    """How many attempts started within the policy's window before now."""
    opened = now - timedelta(hours=policy.window_hours)
    return sum(1 for start in starts if start > opened)


def is_exhausted(policy: RetryPolicy, starts: tuple[datetime, ...], *, now: datetime) -> bool:
    """Whether the attempts that the policy allows within its window are used up."""
    return attempts_in_window(policy, starts, now=now) >= policy.maximum_attempts


def next_due(
    rung: Rung, ended: datetime, *, zone: ZoneInfo, quiet: QuietHours | None = None
) -> datetime:
    """The earliest sensible start in UTC of the attempt after one that ended at `ended`.

    The wait counts in elapsed time, so a clock change neither shortens nor lengthens it.
    """
    earliest = ended.astimezone(UTC) + timedelta(minutes=rung.interval_minutes)
    if rung.off_peak is OffPeak.ANY_TIME:
        return earliest
    slot = next_quiet(earliest, zone=zone, quiet=quiet or QuietHours())
    if rung.off_peak is OffPeak.REQUIRED:
        return slot
    latest = ended.astimezone(UTC) + timedelta(minutes=rung.maximum_interval_minutes)
    return slot if slot <= latest else earliest


def next_quiet(moment: datetime, *, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """The first quiet moment at or after `moment`, in UTC; daylight saving is handled by the zone."""
    local = moment.astimezone(zone)
    if _is_quiet(local, quiet):
        return moment.astimezone(UTC)
    begins = local.replace(hour=quiet.begins, minute=0, second=0, microsecond=0, fold=0)
    if begins <= local:  # quiet hours that do not cross midnight are over for today
        begins += timedelta(days=1)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if quiet.weekends and midnight.weekday() >= 5 and midnight < begins:
        return midnight.astimezone(UTC)
    return begins.astimezone(UTC)


def _is_quiet(local: datetime, quiet: QuietHours) -> bool:
    if quiet.weekends and local.weekday() >= 5:
        return True
    if quiet.begins > quiet.ends:
        return local.hour >= quiet.begins or local.hour < quiet.ends
    return quiet.begins <= local.hour < quiet.ends

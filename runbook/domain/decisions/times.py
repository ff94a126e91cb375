"""What a person may say about when something happened (`engine.md` section 3)."""

from datetime import datetime, timedelta

from runbook.domain.errors import TransitionRefused

#: How far a person's clock may run ahead of the server's.
TOLERANCE = timedelta(minutes=5)
#: An entry made later than this after the fact carries a badge.
LATE_AFTER = timedelta(minutes=5)


def check_happened(
    happened_at: datetime, *, now: datetime, not_before: datetime | None = None
) -> None:
    """Refuses a time in the future, and one before something that must have come first."""
    if happened_at > now + TOLERANCE:
        raise TransitionRefused("That time lies in the future. Enter when it happened.")
    if not_before is not None and happened_at < not_before - TOLERANCE:
        raise TransitionRefused("That time lies before the start of what it belongs to.")


def is_late(happened_at: datetime, recorded_at: datetime) -> bool:
    """Whether the entry was written down more than five minutes after the fact."""
    return recorded_at - happened_at > LATE_AFTER

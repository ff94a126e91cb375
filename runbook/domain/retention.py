"""How long evidence is kept after a run has ended, if an installation sets a limit."""

import calendar
from datetime import UTC, datetime


def kept_until(ended_at: datetime, *, months: int) -> datetime:
    """The moment from which evidence may go: so many calendar months after the end, in UTC.

    A day that a month lacks is its last one: a month after 31 January is 28 or 29 February.
    """
    ended = ended_at.astimezone(UTC)
    years, month = divmod(ended.month - 1 + months, 12)
    year = ended.year + years
    day = min(ended.day, calendar.monthrange(year, month + 1)[1])
    return ended.replace(year=year, month=month + 1, day=day)


def reason_of(months: int) -> str:
    """What the record says about why the content went."""
    spell = "1 month" if months == 1 else f"{months} months"
    return f"Kept for {spell} after the end, as this installation is set."

"""Waits and windows as calendar files (RFC 5545): one run's, or all of a person's.

An entry keeps its UID for life and counts up with the run's version, so a calendar moves it instead
of showing two. Times are in UTC. Titles and steps only: no error text, no reason, no note.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from icalendar import Alarm, Calendar, Event, vText

from runbook import queries
from runbook.domain.state import RunState
from runbook.domain.steps import QuestionKind
from runbook.domain.vocabulary import RunStage
from runbook.models import User
from runbook.queries import OpenRun

_MOMENT = timedelta(minutes=15)
_ENDED = frozenset({RunStage.CLOSED, RunStage.ABANDONED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a calendar; `slug` tells the entries of a run apart."""

    slug: str
    summary: str
    begins: datetime
    ends: datetime
    step: str = ""
    busy: bool = False


def run_file(run: OpenRun) -> bytes:
    """The calendar of one run."""
    return _file([run], name=run.state.title)


def feed(user: User) -> bytes:
    """The calendar of all runs that the person is on and that go on."""
    return _file(queries.runs_of(user), name="Upgrade Runbook")


def entries(run: OpenRun) -> list[Entry]:
    """What a calendar can show of the run as it stands; nothing once it has ended."""
    if run.state.stage in _ENDED:
        return []
    return [*_waits(run), *_retry(run.state), *_window(run), *_promise(run.state)]


def _waits(run: OpenRun) -> Iterator[Entry]:
    titles = {step.slug: step.title for step in run.pack.runbook.steps}
    for slug, wait in run.state.waits.items():
        title = titles.get(slug, "a step")
        yield _moment(f"wait-{slug}", f"The wait is over: {title}", wait.due, step=slug)


def _retry(state: RunState) -> Iterator[Entry]:
    if state.retry is not None and not state.retry.overridden:
        yield _moment("retry", "The next attempt may start", state.retry.due)


def _promise(state: RunState) -> Iterator[Entry]:
    if state.team.next_update is not None:
        yield _moment("update", "An update was promised", state.team.next_update)


def _window(run: OpenRun) -> Iterator[Entry]:
    """The planned window, if the pack asks for one and both ends were answered."""
    zone = ZoneInfo(run.state.time_zone)
    for step in run.pack.runbook.steps:
        asked = {q.slug for q in step.questions if q.kind is QuestionKind.DATE_TIME}
        for begins in sorted(slug for slug in asked if slug.endswith("_begins")):
            name = begins.removesuffix("_begins")
            found = (
                _instant(run.state.answers.get(begins, ""), zone),
                _instant(run.state.answers.get(f"{name}_ends", ""), zone),
            )
            if found[0] and found[1] and found[0] < found[1]:
                yield Entry(
                    slug=f"planned-{name}",
                    summary=step.title,
                    begins=found[0],
                    ends=found[1],
                    step=step.slug,
                    busy=True,
                )


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    """A wall-clock answer in the run's zone; people may have typed anything."""
    try:
        wall = datetime.fromisoformat(text.strip())
        return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(slug: str, summary: str, at: datetime, *, step: str = "") -> Entry:
    return Entry(slug=slug, summary=summary, begins=at, ends=at + _MOMENT, step=step)


def _file(runs: Iterable[OpenRun], *, name: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Upgrade Runbook//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(_on_one_line(name)))
    for run in runs:
        for entry in entries(run):
            calendar.add_component(_event(run, entry))
    return bytes(calendar.to_ical())


def _on_one_line(text: str) -> str:
    """Titles come from people, and calendars differ in what they make of control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _event(run: OpenRun, entry: Entry) -> Event:
    row, event = run.row, Event()
    known = {step.slug for step in run.pack.runbook.steps}
    path = (
        reverse("step", args=[row.pk, entry.step])
        if entry.step in known
        else reverse("run", args=[row.pk])
    )
    event.add("uid", f"{row.pk}-{entry.slug}@{settings.SITE.hostname or 'localhost'}")
    event.add("sequence", row.version)
    event.add("dtstamp", (row.last_at or row.created).astimezone(UTC))
    event.add("dtstart", entry.begins.astimezone(UTC))
    event.add("dtend", entry.ends.astimezone(UTC))
    event.add("summary", _on_one_line(f"{row.title}: {entry.summary}"))
    event.add("url", f"{settings.SITE_URL}{path}")
    event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
    event.add_component(_alarm(entry))
    return event


def _alarm(entry: Entry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(0))
    alarm.add("description", entry.summary)
    return alarm

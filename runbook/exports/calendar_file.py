"""Entries of runs as the bytes of a calendar file (RFC 5545), the same for every way out.

An entry keeps its UID for life and counts up with the run's version, so a calendar moves it instead
of showing two. The UID is made of the run's id alone: RFC 7986 wants no name of a host in it, and the
entry survives when the installation moves. Times are in UTC. Equal arguments give equal bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard, vText

from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.exports.calendar_entries import Entry
from runbook.exports.escaping import shown_line

CONTENT_TYPE = "text/calendar; charset=utf-8"
_ALWAYS = datetime(1970, 1, 1)  # noqa: DTZ001 - RFC 5545 writes the beginning of a zone as local time


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A run as its entries name it; `page` is its address, empty where there is none to open."""

    run: str
    title: str
    page: str
    state: RunState
    pack: Pack


def written(entries: Iterable[tuple[Dated, Entry]], *, name: str, about: str = "") -> bytes:
    """The file. RFC 5545 wants a component in every calendar; one without entries holds a zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//Upgrade Runbook//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(shown_line(name)))
    if about:
        calendar.add("x-wr-caldesc", vText(shown_line(about)))
    for dated, entry in entries:
        calendar.add_component(_event(dated, entry))
    if not calendar.subcomponents:
        calendar.add_component(_zone())
    return bytes(calendar.to_ical())


def _event(dated: Dated, entry: Entry) -> Event:
    state, event = dated.state, Event()
    event.add("uid", f"{dated.run}-{entry.slug}")
    event.add("sequence", state.seq)
    event.add("dtstamp", (state.changed_at or entry.begins).astimezone(UTC))
    event.add("dtstart", entry.begins.astimezone(UTC))
    event.add("dtend", entry.ends.astimezone(UTC))
    event.add("summary", f"{shown_line(dated.title)}: {shown_line(entry.summary)}")
    if state.ticket:
        event.add("description", f"Ticket {shown_line(state.ticket)}")
    if dated.page:
        event.add("url", _address(dated, entry))
    if entry.cancelled:
        event.add("status", "CANCELLED")
    event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
    if entry.alarm:
        event.add_component(_alarm(entry))
    return event


def _address(dated: Dated, entry: Entry) -> str:
    """The page of the entry's step, if the run has it; otherwise the run's own."""
    known = {step.slug for step in dated.pack.runbook.steps}
    return f"{dated.page}steps/{entry.step}/" if entry.step in known else dated.page


def _alarm(entry: Entry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(0))
    alarm.add("description", shown_line(entry.summary))
    return alarm


def _zone() -> Timezone:
    """UTC: the one component that adds nothing to what a calendar shows."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", _ALWAYS)
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    zone.add_component(standard)
    return zone

"""The calendar file of a record, read by a library that did not write it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject

from runbook.domain import events as ev
from runbook.domain.pack import Pack
from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import redact_report
from runbook.domain.steps import Question, QuestionKind
from runbook.exports import FORMATS, calendar_entries
from runbook.exports.calendar_entries import Entry, past, planned
from runbook.exports.calendar_file import Dated, written
from runbook.exports.format import Handout
from tests.exports.records import ANSWERS, LEAD, PACK, RUN_ID, START, Told, failed_run, handout

PAGE = f"https://runbook.example.org/runs/{RUN_ID}/"
ADDRESS = f"{PAGE}report/"
HOSTILE = {
    "a second entry": "Tower\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Yours",
    "a line feed": "Tower\nBEGIN:VEVENT\nUID:1",
    "a folded line": "Tower\r\n BEGIN:VEVENT",
    "other ends of lines": "Tower\u2028BEGIN:VEVENT\u2029UID:1\x0bX\x0cY\x85Z",
    "an escape": 'Tower\\nBEGIN:VEVENT\\\\n;,:"',
    "10 KiB": "BEGIN:VEVENT " * 800,
    "emoji": "🚀👩‍👩‍👧‍👦🏳️‍🌈" * 60,
    "direction": "\u202egpj.exe\u202c \u2066x\u2069",
    "two octets": "ü" * 500,
    "three octets": "界" * 500,
    "nothing": "",
    "controls": "".join(map(chr, range(32))) + "\x7f",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry as the other library reads it."""

    begins: datetime
    ends: datetime
    summary: str
    url: str
    sequence: str
    cancelled: bool
    alarms: tuple[timedelta, ...]


def with_window() -> Pack:
    """The pack, its first step asking for the planned window too."""
    first, *rest = PACK.runbook.phases
    facts, *others = first.steps
    asked = tuple(
        Question(slug=f"window_{end}", label=end, kind=QuestionKind.DATE_TIME)
        for end in ("begins", "ends")
    )
    facts = replace(facts, title="The window", questions=(*facts.questions, *asked))
    phases = (replace(first, steps=(facts, *others)), *rest)
    return replace(PACK, runbook=replace(PACK.runbook, phases=phases))


WINDOW = {"window_begins": "2026-12-05T22:00", "window_ends": "2026-12-06T02:00"}
DUE = START + timedelta(hours=5)


def going_on() -> list[Told]:
    """A run with one of everything that a calendar shows."""
    return [
        *failed_run(),
        (31, ev.FactsRecorded(step="facts", answers={**ANSWERS, **WINDOW}), LEAD),
        (32, ev.RetryScheduled(number=2, due=DUE, family="busy", reason="An hour"), LEAD),
        (33, ev.WaitStarted(step="look", due=START + timedelta(days=1), reason="Cold"), LEAD),
        (34, ev.UpdatePromised(promise="More", next_update=START + timedelta(days=2)), LEAD),
    ]


def ended() -> list[Told]:
    return [*going_on(), (50, ev.RunAbandoned(reason="Storm"), LEAD)]


def made(told: list[Told] | None = None, *, address: str = ADDRESS) -> Handout:
    done = handout(told or going_on(), pack=with_window())
    return replace(done, report=replace(done.report, address=address))


def titled(title: str) -> Handout:
    done = made()
    state = replace(done.report.state, title=title)
    return replace(done, report=replace(done.report, state=state))


def for_profile(done: Handout, profile: Profile) -> Handout:
    return replace(done, report=redact_report(done.report, profile).report)


def file_of(done: Handout) -> bytes:
    return FORMATS["ics"].render(done)


def shown(file: bytes) -> dict[str, Shown]:
    """All entries by what follows the run's id in their UID."""
    calendar: Any = vobject.readOne(file.decode(), validate=True)
    found = {entry.uid.value: entry for entry in calendar.contents.get("vevent", [])}
    assert len(found) == len(calendar.contents.get("vevent", []))
    assert all(uid.startswith(f"{RUN_ID}-") for uid in found)
    return {uid.removeprefix(f"{RUN_ID}-"): _shown(found[uid]) for uid in found}


def _shown(entry: Any) -> Shown:
    alarms = entry.contents.get("valarm", [])
    return Shown(
        begins=entry.dtstart.value,
        ends=entry.dtend.value,
        summary=entry.summary.value,
        url=entry.url.value if "url" in entry.contents else "",
        sequence=entry.sequence.value,
        cancelled="status" in entry.contents and entry.status.value == "CANCELLED",
        alarms=tuple(alarm.trigger.value for alarm in alarms),
    )


def entry(begins: datetime, ends: datetime, summary: str, *, step: str = "") -> Shown:
    """One that lies ahead, as the run stands after sixteen events."""
    return Shown(
        begins=begins,
        ends=ends,
        summary=f"Contoso kettle: {summary}",
        url=f"{PAGE}steps/{step}/" if step else PAGE,
        sequence="16",
        cancelled=False,
        alarms=(timedelta(0),),
    )


def moment(at: datetime, summary: str, *, step: str = "") -> Shown:
    return entry(at, at + timedelta(minutes=15), summary, step=step)


def happened(begins: datetime, ends: datetime, summary: str) -> Shown:
    """One that took place; nothing rings for it."""
    return replace(entry(begins, ends, summary), alarms=())


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_another_library_reads_every_entry_time_address_and_alarm() -> None:
    assert shown(file_of(made())) == {
        "begun": happened(START, at(15), "The record of the run begins"),
        "attempt-1": happened(at(10), at(26), "Attempt 1 failed"),
        "wait-look": moment(at(24 * 60), "The wait is over: Look around", step="look"),
        "retry": moment(DUE, "The next attempt may start"),
        "planned-window": entry(
            datetime(2026, 12, 5, 21, 0, tzinfo=UTC),
            datetime(2026, 12, 6, 1, 0, tzinfo=UTC),
            "The window",
            step="facts",
        ),
        "update": moment(at(2 * 24 * 60), "An update was promised"),
    }


def test_of_an_ended_run_what_lay_ahead_is_cancelled_and_the_attempts_stay() -> None:
    before, after = shown(file_of(made())), shown(file_of(made(ended())))

    assert set(after) == set(before)
    kept = {"begun", "attempt-1"}
    assert {slug for slug, found in after.items() if not found.cancelled} == kept
    for slug, found in after.items():
        assert found.alarms == ()
        assert int(found.sequence) > int(before[slug].sequence)
        assert (found.begins, found.ends) == (before[slug].begins, before[slug].ends)


def test_a_planned_window_keeps_time_free_of_others_only_while_it_lies_ahead() -> None:
    assert file_of(made()).count(b"TRANSP:OPAQUE") == 1
    assert b"TRANSP:OPAQUE" not in file_of(made(ended()))


def test_a_wait_that_somebody_overrode_is_not_shown() -> None:
    told: Told = (35, ev.RetryOverridden(number=2, reason="Known by now"), LEAD)

    assert "retry" not in shown(file_of(made([*going_on(), told])))


@pytest.mark.parametrize("count", [1, 2, 12])
def test_every_run_gives_a_calendar_with_an_entry(count: int) -> None:
    assert "begun" in shown(file_of(made(failed_run()[:count])))
    assert "begun" in shown(file_of(made([*failed_run()[:count], (50, _closed(), LEAD)])))


def _closed() -> ev.RunAbandoned:
    return ev.RunAbandoned(reason="Storm")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (ev.AttemptSucceeded(number=1), "Attempt 1 succeeded"),
        (ev.AttemptFailed(number=1), "Attempt 1 failed"),
        (ev.AttemptUnknown(number=1, reason="Lost"), "Attempt 1 ended unseen"),
        (ev.AttemptCancelled(number=1, reason="Wrong"), "Attempt 1 was cancelled"),
    ],
)
def test_an_attempt_is_told_with_how_it_ended_and_nothing_else(event: ev.Event, told: str) -> None:
    found = shown(file_of(made([*failed_run()[:8], (40, event, LEAD)])))["attempt-1"]

    assert found.summary == f"Contoso kettle: {told}"
    assert (found.begins, found.ends) == (at(10), at(40))


def test_an_attempt_that_still_runs_has_no_end_to_show() -> None:
    assert set(shown(file_of(made(failed_run()[:8])))) == {"begun"}


def test_an_attempt_that_ended_in_its_own_minute_still_ends_after_it_began() -> None:
    told = [*failed_run()[:8], (10, ev.AttemptFailed(number=1), LEAD)]
    found = shown(file_of(made(told)))["attempt-1"]

    assert found.ends == found.begins + timedelta(minutes=1)


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_no_title_adds_an_entry_or_a_line(title: str) -> None:
    file = file_of(titled(title))

    assert set(shown(file)) == set(shown(file_of(made())))
    assert len(properties(file)) == len(properties(file_of(made())))


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_lines_are_folded_at_75_octets_and_no_letter_is_cut(title: str) -> None:
    file = file_of(titled(title))
    lines = file.removesuffix(b"\r\n").split(b"\r\n")

    assert file.endswith(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()
        assert not set(line) & {*range(9), *range(10, 32), 127}


def properties(file: bytes) -> list[str]:
    """The names of all lines once they are unfolded."""
    lines = file.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    return [line.partition(":")[0].partition(";")[0] for line in lines]


def test_joined_emoji_stay_joined_and_direction_marks_are_named() -> None:
    family = "👩‍👩‍👧‍👦"
    found = shown(file_of(titled(f"{family} \u202eok")))["update"]

    assert found.summary == f"{family} ‹U+202E›ok: An update was promised"


def test_a_secret_in_the_title_does_not_leave() -> None:
    assert b"lamp-77-x" not in file_of(titled("Tower password=lamp-77-x"))


@pytest.mark.parametrize("told", [going_on(), ended(), failed_run()[:1]])
def test_one_head_gives_the_same_bytes_whenever_it_is_written(told: list[Told]) -> None:
    done = made(told)
    later = replace(done.report, made_at=done.report.made_at + timedelta(days=1))

    assert file_of(replace(done, report=later)) == file_of(done)


# --- Who may see what

SECRET_TITLE = "Project Moonlight for Fabrikam"


def test_the_public_reads_neither_the_title_nor_where_the_installation_is() -> None:
    """A title is free text: no pattern knows that the name of a plan is a secret."""
    text = file_of(for_profile(titled(SECRET_TITLE), Profile.PUBLIC)).decode().replace("\r\n ", "")

    for hidden in ("Moonlight", "Fabrikam", "runbook.example.org", "http", "@", "URL"):
        assert hidden not in text
    assert "SUMMARY:Upgrade of Kettle: An update was promised" in text
    assert "X-WR-CALNAME:Upgrade of Kettle" in text


def test_the_public_reads_the_same_entries_at_the_same_times() -> None:
    inside, outside = shown(file_of(made())), shown(file_of(for_profile(made(), Profile.PUBLIC)))

    assert set(outside) == set(inside)
    for slug, found in outside.items():
        same = (found.begins, found.ends, found.sequence, found.alarms)
        assert same == (
            *(inside[slug].begins, inside[slug].ends),
            *(inside[slug].sequence, inside[slug].alarms),
        )


@pytest.mark.parametrize("profile", [each for each in Profile if each is not Profile.PUBLIC])
def test_whoever_works_with_the_team_reads_the_redacted_title_and_where_it_is(
    profile: Profile,
) -> None:
    title = f"{SECRET_TITLE}, ask ana@fabrikam.example"
    found = shown(file_of(for_profile(titled(title), profile)))["update"]

    assert found.url == PAGE
    assert found.summary.startswith(SECRET_TITLE)
    assert ("ana@fabrikam.example" in found.summary) is (profile is Profile.INTERNAL)


def test_what_was_redacted_for_the_public_stays_so() -> None:
    once = for_profile(titled(SECRET_TITLE), Profile.PUBLIC)

    assert b"Moonlight" not in file_of(for_profile(once, Profile.PARTNER))


@pytest.mark.parametrize("profile", Profile)
def test_no_uid_names_a_host(profile: Profile) -> None:
    """RFC 7986, section 5.3."""
    file = file_of(for_profile(made(), profile)).decode().replace("\r\n ", "")
    uids = [line for line in file.split("\r\n") if line.startswith("UID:")]

    assert len(uids) == 6
    assert all(uid.startswith(f"UID:{RUN_ID}-") and "." not in uid for uid in uids)


def test_a_path_without_a_site_is_no_address() -> None:
    """As a command writes it that does not know where the product is reached."""
    found = shown(file_of(made(address=f"/runs/{RUN_ID}/report/")))

    assert {each.url for each in found.values()} == {""}


def test_nothing_that_people_said_is_in_the_file() -> None:
    text = file_of(made()).decode().replace("\r\n ", "")

    for said in ("BadGateway", "octocat", "An hour", "Cold", "More", "Seen an hour ago"):
        assert said not in text


# --- The builder by itself


def test_a_calendar_without_entries_still_holds_a_component() -> None:
    """RFC 5545, section 3.6: at least one; the other library reads the zone as UTC."""
    calendar: Any = vobject.readOne(written([], name="Nothing").decode(), validate=True)

    assert set(calendar.contents) == {"prodid", "version", "method", "x-wr-calname", "vtimezone"}
    assert calendar.vtimezone.tzid.value == "UTC"


def test_what_an_entry_shows_it_shows_by_name() -> None:
    """The control: what is put in by hand arrives."""
    report = made().report
    dated = Dated(run=RUN_ID, title="T", page=PAGE, state=report.state, pack=report.pack)
    busy = Entry(slug="x", summary="S", begins=START, ends=at(1), busy=True, step="nowhere")
    [found] = shown(written([(dated, busy)], name="N")).values()

    assert (found.summary, found.url, found.cancelled) == ("T: S", PAGE, False)
    assert b"TRANSP:OPAQUE" in written([(dated, busy)], name="N")


def test_every_outcome_has_words() -> None:
    state = made().report.state

    assert set(calendar_entries._ENDED) == set(type(state.attempts[0].outcome))  # type: ignore[arg-type]
    assert len(list(past(state))) == 2
    assert len(planned(state, with_window())) == 4

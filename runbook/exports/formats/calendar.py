"""The run as a calendar file: attempts that took place, and the waits and windows that lie ahead.

An entry that lies ahead is the same as in the run's own calendar file and in a person's feed. Of an
ended run such entries are cancelled: a calendar that holds them takes them out, and the attempts stay
as what happened. There is always one entry at least, the beginning, as RFC 5545 wants.

A calendar is shown on walls and to whoever may see when somebody is busy. So the file for the public
names the product instead of the run, whose title people typed, and leads to no address.
"""

from runbook.domain import chain
from runbook.domain.report import RunReport
from runbook.exports.calendar_entries import past, planned
from runbook.exports.calendar_file import CONTENT_TYPE, Dated, written
from runbook.exports.format import Format, Handout


def render(handout: Handout) -> bytes:
    """The file as UTF-8; its description names the record that it was made from."""
    report = handout.report
    state, pack = report.state, report.pack
    title = f"Upgrade of {pack.product}" if report.public else state.title
    dated = Dated(run=report.run, title=title, page=_page(report), state=state, pack=pack)
    entries = (*past(state), *planned(state, pack))
    proof = f"Run {report.run}, head {report.head} ({chain.fingerprint(report.head)})"
    return written(((dated, entry) for entry in entries), name=title, about=proof)


def _page(report: RunReport) -> str:
    """The run's page, above its record; empty for the public, and for a path without a site."""
    if report.public or not report.address.startswith(("https://", "http://")):
        return ""
    before, run, _ = report.address.partition(f"/{report.run}/")
    return f"{before}{run}"


FORMAT = Format(
    slug="ics",
    label="Calendar file",
    content_type=CONTENT_TYPE,
    extension="ics",
    render=render,
    needs_lines=False,
    hint="Attempts that took place, waits, windows and promised updates, with alarms.",
)

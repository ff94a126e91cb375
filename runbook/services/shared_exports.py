"""Files for the reader of a share link: the same as a member gets, cut as the link says.

That a file was taken stands on the timeline under the link's name, as its opening does.
"""

from datetime import datetime, timedelta

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.decisions.runs import record_export
from runbook.domain.errors import DomainError
from runbook.domain.pack import Pack
from runbook.domain.redaction import Profile
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, LinkScope
from runbook.exports import FORMATS
from runbook.exports.format import Format
from runbook.models import Run, ShareLink
from runbook.services import exports, sharing, timeline
from runbook.services.exports import Exported
from runbook.services.sharing import Shared
from runbook.services.timeline import Act

#: Files that one link gives within an hour: each takes the server some seconds and adds an entry to
#: a record that nobody can shorten again.
MOST, WITHIN = 30, timedelta(hours=1)


class TooManyFiles(DomainError):
    """The link gave as many files as it may for now; nothing was recorded."""


def profile_of(link: ShareLink) -> Profile:
    """For whom the link is cut; the strictest profile for one that nobody knows any more."""
    known = link.profile in set(Profile)
    return Profile(link.profile) if known else Profile.PUBLIC


def formats_of(shared: Shared) -> list[Format]:
    """What the link's reader may take away; nothing, unless the link gives files."""
    if shared.scope is not LinkScope.READ_FILES:
        return []
    inside = profile_of(shared.link) is Profile.INTERNAL
    return [each for each in FORMATS.values() if inside or not each.verbatim]


def export_through_link(
    *, shared: Shared, now: datetime, export_format: str, address: str
) -> Exported:
    """The record in a format, recorded as taken through the link.

    Raises UnknownFormat, NotForOutside or TooManyFiles before anything is recorded, NoSuchLink if the
    link gives no files or ended meanwhile, Busy.
    """
    profile = profile_of(shared.link)
    chosen = exports.format_for(export_format, profile)
    act = Act(actor=shared.link.actor_id, actor_kind="link", now=now)

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        return record_export(state, export_format=exports.as_recorded(chosen, profile))

    gives_files = sharing.right_of(shared.link, now=now, scope=LinkScope.READ_FILES)

    def right(run: Run, state: RunState) -> None:
        gives_files(run, state)
        _check_often(run, act)

    run_id = shared.row.pk
    timeline.record_by(run_id, Action.EXPORT, act=act, right=right, decide=decide)
    made = exports.written(run_id, chosen, now=now, address=address, profile=profile)
    exports.note_copy(run_id, made, receiver=act.actor, at=now)
    return made


def _check_often(run: Run, act: Act) -> None:
    """Counts in the transaction that holds the run's lock, so that of many at once none slips by."""
    kind, since = ev.ExportMade.type, act.now - WITHIN
    if queries.count_of(run, actor=act.actor, kind=kind, since=since) >= MOST:
        raise TooManyFiles(
            f"This link gave {MOST} files within an hour, which is as many as it gives. Nothing was "
            "written; take the next one in an hour."
        )

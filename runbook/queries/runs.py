"""Runs by their rights: fetching one is asking for permission."""

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from runbook import library
from runbook.domain.access import check_may
from runbook.domain.errors import ForbiddenAction
from runbook.domain.pack import Pack
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Role
from runbook.models import ImportedRecord, Installation, Member, PackRevision, Run, User

if TYPE_CHECKING:
    from django.db.models import QuerySet


#: What may be done with a copy of a record that another installation keeps.
OF_A_COPY = frozenset({Action.VIEW, Action.EXPORT})
A_COPY = (
    "This is a copy of a record that another installation keeps. It can be read and exported; what "
    "happens to that run is recorded where it is kept."
)


class RunNotFound(Exception):
    """There is no such run for this person. A stranger is told nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run that somebody may work on: row, state, pack and the person's role.

    With `copy` it is a record of another installation, which can only be read.
    """

    row: Run
    state: RunState
    pack: Pack
    role: Role
    copy: ImportedRecord | None = None


def instance() -> Installation | None:
    """This installation's row in the chain, if a run was ever started."""
    return Installation.objects.first()


def run_for(user: User, run_id: uuid.UUID, *, action: Action) -> OpenRun:
    """Fetches and authorises in one call: RunNotFound for a stranger, ForbiddenAction for a role."""
    row = Run.objects.filter(pk=run_id).first()
    if row is None:
        raise RunNotFound
    if row.imported_by is not None:
        check_reads_copy(row, user.actor_id)
        if action not in OF_A_COPY:
            raise ForbiddenAction(A_COPY)
        return _open_copy(row)
    state = load_state(row.state)
    role = role_of(state, user.actor_id)
    check_may(role, action)
    return OpenRun(row=row, state=state, pack=pack_of(row), role=role)


def check_reads_copy(row: Run, actor: str) -> None:
    """RunNotFound unless the person opened this copy here, or owns the installation.

    The people named in the record are those of another installation. An id among them that is also
    somebody's here gives that person nothing.
    """
    owners = User.objects.filter(actor_id=actor, is_staff=True, is_active=True)
    if row.imported_by != actor and not owners.exists():
        raise RunNotFound


def copies_for(user: User) -> list[OpenRun]:
    """The records of other installations that the person may read, the newest import first."""
    rows = Run.objects.exclude(imported_by=None).select_related("copy")
    if not user.is_staff:
        rows = rows.filter(imported_by=user.actor_id)
    return [_open_copy(row) for row in rows.order_by("-copy__imported_at")[:100]]


def _open_copy(row: Run) -> OpenRun:
    state, told = load_state(row.state), row.copy
    return OpenRun(row=row, state=state, pack=pack_of(row), role=Role.OBSERVER, copy=told)


def instance_of(run: Run) -> str:
    """The name of the installation in which the run began, empty before this one has any."""
    if run.imported_by is not None:
        return str(run.copy.instance)
    here = instance()
    return str(here.instance) if here else ""


def role_of(state: RunState, actor: str) -> Role:
    """The person's role on the run; RunNotFound if there is none."""
    role = state.members.get(actor)
    if role is None:
        raise RunNotFound
    return role


def pack_of(run: Run) -> Pack:
    """The definition that the run started with, whatever the packs on disk say now."""
    return _pack(run.pack_id)


@lru_cache(maxsize=64)
def _pack(digest: str) -> Pack:
    for pack in library.packs().values():
        if pack.digest == digest:
            return pack
    return library.parse_pack(PackRevision.objects.get(pk=digest).body)


def runs_of(user: User) -> list[OpenRun]:
    """The person's runs, newest first; two statements whatever their number."""
    mine = dict(Member.objects.filter(actor_id=user.actor_id).values_list("run_id", "role"))
    rows: QuerySet[Run] = Run.objects.filter(pk__in=mine).order_by("-last_at")[:100]
    return [
        OpenRun(row=row, state=load_state(row.state), pack=pack_of(row), role=Role(mine[row.pk]))
        for row in rows
    ]

"""What the installation holds: reminders, deliveries, owners, leads, and the chains of its runs."""

from collections.abc import Iterator
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db.models import F, Max, Min, QuerySet

from runbook import queries
from runbook.domain.errors import BrokenChain
from runbook.models import Delivery, Run, User
from runbook.services import installation, upkeep
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

#: The worker ticks every two seconds; whatever waits longer than this waits for nobody.
_PATIENCE = timedelta(minutes=5)
_AHEAD = timedelta(minutes=1)
_RUNS, _EVENTS = 20, 3000
_START_WORKER = (
    "Start the worker: serve runs one by itself, else run manage.py remind_due --loop, "
    "and look into its log."
)
_MAKE_OWNER = (
    'Run: manage.py shell -c "from runbook.models import User; '
    "User.objects.filter(username='NAME').update(is_staff=True, is_active=True)\""
)


def _time(visit: Visit) -> Iterator[Finding]:
    newest = Run.objects.filter(imported_by=None).aggregate(at=Max("last_at"))["at"]
    if newest and newest - visit.now > _AHEAD:
        yield bad(
            f"The newest entry was recorded at {newest:%Y-%m-%d %H:%M} UTC, which is still to come.",
            "The clock of this machine went back. Let it keep time by NTP.",
        )


def _reminders(visit: Visit) -> Iterator[Finding]:
    late = Run.objects.filter(next_due_at__lt=visit.now - _PATIENCE)
    waiting = Delivery.objects.filter(
        state=Delivery.State.WAITING, due_at__lt=visit.now - _PATIENCE
    )
    for what, count, oldest in (
        ("Reminders", late.count(), late.aggregate(at=Min("next_due_at"))["at"]),
        ("Messages", waiting.count(), waiting.aggregate(at=Min("due_at"))["at"]),
    ):
        if count:
            yield bad(
                f"{what} that are due and that nobody sends: {count}, the oldest since "
                f"{oldest:%Y-%m-%d %H:%M} UTC.",
                _START_WORKER,
            )


def _deliveries(visit: Visit) -> Iterator[Finding]:
    failed = Delivery.objects.filter(state=Delivery.State.FAILED).count()
    if failed:
        yield warn(
            f"Messages that were given up: {failed}.",
            "Look at Installation, Messages on their way; try them again or drop them.",
        )
    left = Delivery.objects.filter(
        state=Delivery.State.SENDING, lease_until__lt=visit.now - _PATIENCE
    ).count()
    if left:
        yield bad(f"Messages left behind by a worker that died: {left}.", _START_WORKER)


def _owners(visit: Visit) -> Iterator[Finding]:
    if not User.objects.exists():
        yield warn(
            "There is no account yet.",
            "Open the set-up page; serve prints its address and the code.",
        )
        return
    owners = User.objects.filter(is_staff=True, is_active=True)
    count = owners.count()
    if not count:
        yield bad("No owner of the installation can sign in.", _MAKE_OWNER)
        return
    careless = owners.exclude(pk__in=_with_second_factor()).count()
    if careless:
        yield warn(
            f"Owners who sign in without a second factor: {careless} of {count}.",
            "Each sets one up under Your account.",
        )
    else:
        yield fine(f"Owners, each with a second factor: {count}.")


def _with_second_factor() -> "QuerySet[Authenticator]":
    strong = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    found: QuerySet[Authenticator] = Authenticator.objects.filter(type__in=strong)
    return found.values("user_id")


def _leads(visit: Visit) -> Iterator[Finding]:
    count = len(installation.leaderless().going_on)
    if count:
        yield warn(
            f"Runs that go on without a lead who can sign in: {count}.",
            "Appoint a lead under Installation.",
        )


def _chains(visit: Visit) -> Iterator[Finding]:
    """The newest runs, as many as fit into a moment; all of them with --deep.

    Copies come last: their times are whatever a file says, and must push no own run out of sight.
    """
    own_first = F("imported_by").asc(nulls_first=True)
    rows = Run.objects.order_by(own_first, F("last_at").desc(nulls_last=True))
    looked = events = unbroken = broken = 0
    for run in rows if visit.deep else rows[:_RUNS]:
        if not visit.deep and looked and events + run.version > _EVENTS:
            break
        looked, events, unbroken = looked + 1, events + run.version, unbroken + run.version
        fault = _fault(run)
        if fault is not None:
            broken, unbroken = broken + 1, unbroken - run.version
            yield bad(
                f"The record of run {run.pk} is broken at event {fault.seq}. {fault.sentence}",
                "Change nothing. Keep a copy of the database, and compare the run with an export "
                "or a backup that holds its head.",
            )
        elif visit.deep and upkeep.differences(run.pk):
            yield bad(
                f"What pages show of run {run.pk} differs from its record.",
                f"Run: manage.py rebuild_projection {run.pk}",
            )
    if looked > broken:
        yield fine(f"Runs whose record is unbroken: {looked - broken}, with {unbroken} events.")


def _fault(run: Run) -> BrokenChain | None:
    try:
        queries.verify_run(run)
    except BrokenChain:
        # Perhaps somebody recorded something meanwhile. Only now is the run's row locked.
        try:
            upkeep.verify(run.pk)
        except BrokenChain as fault:
            return fault
    return None


CHECKS: tuple[Check, ...] = (_time, _reminders, _deliveries, _owners, _leads, _chains)

"""What an owner of the installation may know of it: counts and sizes, and nothing of a run's content."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BinaryField, Count, Exists, Func, IntegerField, OuterRef, Sum
from django.db.models.functions import Cast

from runbook import library
from runbook.domain.pack import Pack
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Delivery, Evidence, Member, PackRevision, Run, Team, User

ENDED = (RunStage.CLOSED.value, RunStage.ABANDONED.value)
_LARGEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderless:
    """Runs that nobody who can sign in leads."""

    going_on: Sequence[Run]
    ended: Sequence[Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A pack that new runs start with, and how many runs hold it, or another revision of it."""

    pack: Pack
    runs: int
    older: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the installation takes. `evidence` names runs by id, since their titles are content."""

    database: int
    disk_free: int
    disk_total: int
    runs: int
    events: int
    deliveries: Mapping[str, int]
    evidence: Sequence[Mapping[str, Any]]


class _Octets(Func):
    """The length of a text in bytes; SQLite's own `octet_length` is too new to count on."""

    function = "OCTET_LENGTH"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        inner = Func(
            Cast(self.get_source_expressions()[0], BinaryField()),
            function="LENGTH",
            output_field=IntegerField(),
        )
        return inner.as_sql(compiler, connection, **context)


def leaderless() -> Leaderless:
    """The runs without a lead whose account is open, newest first; one statement."""
    active = User.objects.filter(is_active=True).values("actor_id")
    led = Member.objects.filter(run=OuterRef("pk"), role=Role.LEAD.value, actor_id__in=active)
    own = Run.objects.filter(imported_by=None)
    rows = list(own.filter(~Exists(led)).defer("state").order_by("-last_at"))
    return Leaderless(
        going_on=[row for row in rows if row.stage not in ENDED],
        ended=[row for row in rows if row.stage in ENDED],
    )


def sole_leads() -> frozenset[str]:
    """The actor ids of people without whom a run that goes on would have no lead; one statement."""
    active = User.objects.filter(is_active=True).values("actor_id")
    led = Member.objects.filter(role=Role.LEAD.value, actor_id__in=active)
    leads: dict[Any, set[str]] = defaultdict(set)
    for run_id, actor in led.exclude(run__stage__in=ENDED).values_list("run_id", "actor_id"):
        leads[run_id].add(actor)
    return frozenset(actor for actors in leads.values() if len(actors) == 1 for actor in actors)


def teams() -> list[Any]:
    """All teams by name, each with the number of its people and of its runs."""
    counted = Team.objects.annotate(
        people=Count("memberships", distinct=True), count_of_runs=Count("runs", distinct=True)
    )
    return list(counted.order_by("name", "pk"))


def shipped_packs() -> list[Shipped]:
    """The packs of this version of the product, with the revisions that runs hold."""
    held = _held()
    return [
        Shipped(
            pack=pack,
            runs=sum(count for slug, digest, count in held if digest == pack.digest),
            older=[
                (digest, count)
                for slug, digest, count in held
                if slug == pack.slug and digest != pack.digest
            ],
        )
        for pack in library.packs().values()
    ]


def orphaned_packs() -> list[tuple[str, str, int]]:
    """Slug, digest and number of runs of packs that the product no longer ships."""
    return [row for row in _held() if row[0] not in library.packs()]


def _held() -> list[tuple[str, str, int]]:
    counted = PackRevision.objects.annotate(runs=Count("run")).filter(runs__gt=0)
    return list(counted.order_by("slug", "-runs").values_list("slug", "digest", "runs"))


def storage() -> Storage:
    """Sizes in bytes and counts; each event of a run has a number, so their sum counts them all."""
    disk = disk_usage(_folder())
    states = Delivery.objects.values_list("state").annotate(count=Count("pk")).order_by("state")
    sized = Evidence.objects.exclude(text=None).values("run_id", "run__team__name")
    return Storage(
        database=_database_size(),
        disk_free=disk.free,
        disk_total=disk.total,
        runs=Run.objects.count(),
        events=Run.objects.aggregate(events=Sum("version"))["events"] or 0,
        deliveries=dict(states),
        evidence=list(
            sized.annotate(texts=Count("pk"), size=Sum(_Octets("text"))).order_by("-size")[
                :_LARGEST
            ]
        ),
    )


def _folder() -> Path:
    folder = Path(settings.DATA_DIR)
    return folder if folder.exists() else Path(settings.BASE_DIR)


def _database_size() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            )
        return int(cursor.fetchone()[0])

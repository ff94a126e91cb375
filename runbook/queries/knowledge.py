"""What was met before: other runs with the same failure, notes of colleagues, texts handed in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runbook.domain.experience import Experience, Try, experience_with
from runbook.models import Attempt, Evidence, Member, Note, Run, User
from runbook.models.timeline import Event

if TYPE_CHECKING:
    pass


def experience_of(user: User, fingerprint: str) -> Experience:
    """What the runs that the person may read tell about a failure; one statement.

    Example runs do not count: nobody lived through them.
    """
    if not fingerprint:
        return Experience()
    examples = Event.objects.filter(seq=1, actor_kind="import").values("run_id")
    mine = Member.objects.filter(actor_id=user.actor_id).exclude(run_id__in=examples)
    met = Attempt.objects.filter(run_id__in=mine.values("run_id"), fingerprint=fingerprint).values(
        "run_id"
    )
    tries = [
        Try(
            run=str(row.run_id),
            number=row.number,
            outcome=row.outcome,
            option=row.option,
            fingerprint=row.fingerprint,
            started_at=row.started_at,
            ended_at=row.ended_at,
            repairs=row.repairs,
        )
        for row in Attempt.objects.filter(run_id__in=met)
    ]
    return experience_with(fingerprint, tries)


def notes_on(about: str, subjects: Iterable[str]) -> list[Note]:
    """Notes on families or codes, newest first, with their authors; one statement."""
    rows = Note.objects.filter(about=about, subject__in=set(subjects), withdrawn=None)
    return list(rows.select_related("author").order_by("-created")[:50])


def evidence_texts(run: Run, digests: Iterable[str] | None = None) -> dict[str, str | None]:
    """Captured texts of a run by digest, all of them if none are named; None for an erased one."""
    rows = Evidence.objects.filter(run=run)
    if digests is not None:
        wanted = set(digests)
        if not wanted:
            return {}
        rows = rows.filter(digest__in=wanted)
    return dict(rows.values_list("digest", "text"))

"""Django's tables; imported here so that Django finds them. Event is left out on purpose."""

from runbook.models import timeline as _timeline  # noqa: F401 - registers the guarded tables
from runbook.models.accounts import User
from runbook.models.evidence import Evidence
from runbook.models.knowledge import Note
from runbook.models.runs import Attempt, Installation, Member, PackRevision, Run, Submission

__all__ = [
    "Attempt",
    "Evidence",
    "Installation",
    "Member",
    "Note",
    "PackRevision",
    "Run",
    "Submission",
    "User",
]

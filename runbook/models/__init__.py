"""Django's tables; imported here so that Django finds them. Event is left out on purpose."""

from runbook.models import timeline as _timeline  # noqa: F401 - registers the guarded tables
from runbook.models.accounts import User
from runbook.models.evidence import Evidence
from runbook.models.knowledge import Note
from runbook.models.notices import Channel, Delivery, Wishes
from runbook.models.runs import Attempt, Installation, Member, PackRevision, Run, Submission
from runbook.models.teams import Invitation, Membership, ShareLink, Team

__all__ = [
    "Attempt",
    "Channel",
    "Delivery",
    "Evidence",
    "Installation",
    "Invitation",
    "Member",
    "Membership",
    "Note",
    "PackRevision",
    "Run",
    "ShareLink",
    "Submission",
    "Team",
    "User",
    "Wishes",
]

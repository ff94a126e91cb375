"""Django's tables; imported here so that Django finds them. Event is left out on purpose."""

from runbook.models import timeline as _timeline  # noqa: F401 - registers the guarded tables
from runbook.models.accounts import User
from runbook.models.copies import ImportedRecord
from runbook.models.evidence import Evidence, PseudonymMap, StoredFile
from runbook.models.heads import Anchor, Head, JournalEntry, SigningKey
from runbook.models.knowledge import Note
from runbook.models.notices import Channel, Delivery, Wishes
from runbook.models.runs import Attempt, Installation, Member, PackRevision, Run, Submission
from runbook.models.teams import Invitation, Membership, ShareLink, Team
from runbook.models.tokens import ApiToken

__all__ = [
    "Anchor",
    "ApiToken",
    "Attempt",
    "Channel",
    "Delivery",
    "Evidence",
    "Head",
    "ImportedRecord",
    "Installation",
    "Invitation",
    "JournalEntry",
    "Member",
    "Membership",
    "Note",
    "PackRevision",
    "PseudonymMap",
    "Run",
    "ShareLink",
    "SigningKey",
    "StoredFile",
    "Submission",
    "Team",
    "User",
    "Wishes",
]

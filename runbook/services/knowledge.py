"""Use cases of the knowledge pages: adding a note to a family or code, withdrawing one's own."""

from datetime import datetime

from runbook import library
from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.errors import DomainError
from runbook.domain.redaction import mask
from runbook.models import Note, User
from runbook.services.evidence import clean


class NoteRefused(DomainError):
    """The note has no text, or no subject that a pack knows."""


def add_note(*, author: User, about: str, subject: str, text: str, now: datetime) -> Note:
    """Keeps a note; secrets are cut before it is stored. NoteRefused says what is wrong with it."""
    text = mask(clean(text)).text.strip()
    if not text:
        raise NoteRefused("The note is empty.")
    return Note.objects.create(
        about=about, subject=_subject(about, subject), text=text, author=author, created=now
    )


def _subject(about: str, subject: str) -> str:
    if about == Note.About.CODE:
        code = normal_code(subject)
        if code is None:
            raise NoteRefused("That is no error code.")
        return code
    known = {family.slug for pack in library.packs().values() for family in pack.families}
    if about != Note.About.FAMILY or subject not in known:
        raise NoteRefused("No pack knows such a failure.")
    return subject


def withdraw_note(*, author: User, note_id: int, now: datetime) -> None:
    """Takes one's own note off the pages; somebody else's stays. NoteRefused if it is not theirs."""
    changed = Note.objects.filter(pk=note_id, author=author, withdrawn=None).update(withdrawn=now)
    if not changed:
        raise NoteRefused("You can withdraw your own notes only.")

"""The dialog of an app that may not open: a sentence with session, activity and time below it."""

from runbook.domain.diagnosis.surfaces.handed import Handed, Surface
from runbook.domain.diagnosis.surfaces.paste import Paste

_LONGEST = 64 * 1024


def looks_like(paste: Paste) -> bool:
    """Whether the name of the refusal, or the ids of such a dialog, stand in it."""
    if len(paste.data) > _LONGEST:
        return False
    text = paste.text.lower()
    return "appforbidden" in text or ("session id" in text and "activity id" in text)


def read(paste: Paste) -> Handed:
    """The text as it stands; it is one error."""
    return Handed(kind=Surface.APP_DIALOG, text=paste.text)

"""The pane of the solution history in any language: labels differ, shapes of values do not.

A value that is a code is the error code; a value that is one GUID is the activity id, which is the
only one the pane shows. Both get the label that the engine knows.
"""

from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.plain import whole_guids
from runbook.domain.diagnosis.surfaces.handed import Handed, Surface
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.patterns import Pattern

_LINES = 2000
_PANE = 40
"""Lines of a pane that are looked through for the next code."""

_GUID = Pattern(r"^\{?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\}?$")
_GUID_LENGTHS = range(36, 39)
_ONE_CODE = Pattern(r"^(?:0x)?8[0-9a-f]{7}$|^-214[0-9]{7}$")
_A_CODE = Pattern(r"80[0-9a-f]{6}|-214[0-9]{7}")
_A_TIME = Pattern(r"^[0-9].*\b[0-9]{1,2}[:.h][0-9]{2}\b")
_OTHER_LABEL = Pattern(r"correlat|client|request|tracking|session|environment|tenant|async")
_INVISIBLE = ("\u200e", "\u200f", "\u202a", "\u202c", "\ufeff", "\u200b")
_SEPARATORS = ("\t", ": ", "\uff1a", " : ", "\u00a0: ", "|")


def looks_like(paste: Paste) -> bool:
    """Whether one value is a code and another is a GUID or a time."""
    if len(paste.data) > 256 * 1024 or _A_CODE.search(paste.text) is None:
        return False
    values = [_value(line) for line in _lines(paste.text)]
    if not any(_ONE_CODE.search(value) for value in values):
        return False
    if any(len(value) in _GUID_LENGTHS and _GUID.search(value) for value in values):
        return True
    return len(values) >= 6 and any(_A_TIME.search(value) for value in values)


def read(paste: Paste) -> Handed:
    """The lines with the labels that the engine knows; one part per pane."""
    parts = tuple("\n".join(_relabelled(pane)) for pane in _panes(_lines(paste.text)))
    return Handed(kind=Surface.HISTORY_PANE, text="\n\n".join(parts), parts=parts)


def _panes(lines: list[str]) -> list[list[str]]:
    """One list of lines per pane: the next one begins after the id, or else at the next code."""
    panes: list[list[str]] = [[]]
    coded = ended = False
    for number, line in enumerate(lines):
        value = _value(line)
        code = _ONE_CODE.search(value) is not None
        if coded and (code or (ended and _more_codes(lines[number : number + _PANE]))):
            panes.append([])
            coded = ended = False
        coded = coded or code
        ended = ended or (coded and _GUID.search(value) is not None)
        panes[-1].append(line)
    return panes


def _more_codes(lines: list[str]) -> bool:
    return any(_ONE_CODE.search(_value(line)) for line in lines)


def _relabelled(pane: list[str]) -> list[str]:
    lines: list[str] = []
    before, named = "", False
    for line in pane:
        value = _value(line)
        guid = _GUID.search(value)
        label = line[: len(line) - len(value)].strip(" {") or before
        if guid is not None and not named and _OTHER_LABEL.search(label) is None:
            lines.append(f"Activity Id: {guid.group(1)}")
            named = True
        elif _ONE_CODE.search(value):
            lines.append(f"Error code: {normal_code(value) or value}")
        else:
            lines.append(line)
        before = line
    return lines


def _lines(text: str) -> list[str]:
    """The lines that hold something, with GUIDs in one piece."""
    for char in _INVISIBLE:
        text = text.replace(char, "")
    text = whole_guids(text.replace("\r\n", "\n"))
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if line][:_LINES]


def _value(line: str) -> str:
    """What stands after the label, if the line has one."""
    for separator in _SEPARATORS:
        line = line.rpartition(separator)[2]
    return line.strip(" '\"`*{}<>()[].,;")

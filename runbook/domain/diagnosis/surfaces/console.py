"""Output of the command line and logs of pipelines: colours, progress and time stamps taken off."""

from runbook.domain.diagnosis.surfaces.handed import Handed, Surface
from runbook.domain.diagnosis.surfaces.limits import TEXT
from runbook.domain.diagnosis.surfaces.long_text import KEPT, excerpt
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.plain_text import as_text
from runbook.domain.patterns import Pattern

_COLOUR = Pattern(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]"
    r"|\[(?:[0-9]{1,3};){0,4}[0-9]{1,3}m"
)
_CSI = "\x1b["
_PARAMETERS, _INTERMEDIATES = "0123456789:;<=>?", " !\"#$%&'()*+,-./"
_STAMP = (
    r"\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?\]?"
)
_CLOCK = r"\[?[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?\]?"
_STAMPS = Pattern(
    rf"(?m)^(?:[^\t\n]{{1,80}}\t[^\t\n]{{1,80}}\t)?\x{{feff}}?(?:{_STAMP}|{_CLOCK})[ \t]+"
)
_MARKERS = Pattern(
    r"(?m)^##\[[a-z-]{1,20}\]|^::(?:error|warning|notice|group|endgroup)[^:\n]{0,300}::|^##vso\[[^\]\n]{1,300}\]"
)
_PROMPTS = (
    *(
        "Microsoft PowerPlatform CLI",
        "Asynchronous operation ",
        "Processing asynchronous operation",
    ),
    *(
        "async operation completed",
        "Solution Importing",
        "Connected as ",
        "Connected to... ",
        "pac solution ",
    ),
    *("pac.exe", "\nPS C:\\", "Online documentation: https://aka.ms/PowerPlatformCLI"),
)
_LINES = 200_000
_COLOURS = 50_000
_STAMPED_LINES = 3


def looks_like(paste: Paste) -> bool:
    """Whether colours, prompts, markers or stamped lines stand in it."""
    text = paste.text if len(paste.data) <= TEXT else paste.head.decode("utf-8", "replace")
    return (
        "\x1b[" in text
        or any(prompt in text for prompt in _PROMPTS)
        or _is_pipeline(text)
        or len(paste.data) > TEXT
    )


def read(paste: Paste) -> Handed:
    """The words of the log; of a log over one MiB the stretches that speak of a failure."""
    whole = TEXT if len(paste.data) <= TEXT else KEPT
    kept = excerpt(paste.text, whole=whole, budget=KEPT)
    kind = Surface.PIPELINE_LOG if _is_pipeline(kept.text) else Surface.CONSOLE
    notes = (kept.note,) if kept.note else ()
    return as_text(without_stamps(kept.text), kind=kind, notes=notes)


def without_stamps(text: str) -> str:
    """The lines without colours, time stamps and markers."""
    text = text.replace("\r\n", "\n")
    if "\x1b" in text or "\x9b" in text or "[0m" in text:
        text = _COLOUR.replace(_without_sequences(text), "", limit=_COLOURS)
    text = _STAMPS.replace(text, "", limit=_LINES)
    return _MARKERS.replace(text, "", limit=_LINES)


def _without_sequences(text: str) -> str:
    """The text without what begins with escape and bracket; by far the most of all escapes."""
    first, *rest = text.split(_CSI)
    pieces = [first]
    for piece in rest:
        after = piece.lstrip(_PARAMETERS).lstrip(_INTERMEDIATES)
        pieces.append(after[1:] if "@" <= after[:1] <= "~" else piece)
    return "".join(pieces)


def _is_pipeline(text: str) -> bool:
    if "##[" in text or "\n::error" in text:
        return True
    return sum(1 for _ in _STAMPS.find(text, limit=_STAMPED_LINES)) >= _STAMPED_LINES

"""Files in the slots of a step: what to hand in, what to black out, when it was; and erasing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.handed_files import ACCEPT, LIMITS, MIB, FileKind, read_boxes
from runbook.domain.steps import EvidenceSlot
from runbook.services import files
from runbook.services.files import Attached, Ready
from runbook.web.forms.layout import GuardedForm, HappenedAtField, in_zone, text_area

HELP = (
    f"A picture up to {LIMITS[FileKind.PNG] // MIB} MiB, a log (XML or text) up to "
    f"{LIMITS[FileKind.XML] // MIB} MiB, or a solution package up to "
    f"{LIMITS[FileKind.ZIP] // MIB} MiB, of which only names and versions are kept."
)
_BAD_BOXES = "The boxes to black out could not be read. Draw them again."


@dataclass(frozen=True, slots=True)
class FileFields:
    """The fields of one slot's file, for the template."""

    file: forms.BoundField
    caption: forms.BoundField
    taken: forms.BoundField
    boxes: forms.BoundField
    modified: forms.BoundField


def _named(name: str, slot: EvidenceSlot) -> str:
    return f"{name}-{slot.slug}"


class FilesForm(GuardedForm):
    """A form with a file for each slot; each is looked through before anything is recorded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file_slots: tuple[EvidenceSlot, ...] = ()
        self.ready: dict[str, Ready] = {}

    def add_file_fields(self, slots: Iterable[EvidenceSlot]) -> None:
        """The fields for a file in each of the slots."""
        self.file_slots = tuple(slots)
        for slot in self.file_slots:
            self.fields[_named("file", slot)] = forms.FileField(
                label=f"File: {slot.label}",
                required=False,
                allow_empty_file=True,  # the inspection says so in its own words
                help_text=HELP,
                widget=forms.FileInput(attrs={"class": "form-control", "accept": ACCEPT}),
            )
            self.fields[_named("caption", slot)] = forms.CharField(
                label="Caption", required=False, max_length=500
            )
            self.fields[_named("taken", slot)] = HappenedAtField(
                label="When it was so, if not now", required=False
            )
            self.fields[_named("boxes", slot)] = forms.CharField(
                required=False, max_length=4_000, widget=forms.HiddenInput
            )
            self.fields[_named("modified", slot)] = forms.CharField(
                required=False, max_length=40, widget=forms.HiddenInput
            )

    def file_fields(self, slot: EvidenceSlot) -> FileFields:
        """The fields of a slot's file."""
        return FileFields(
            file=self[_named("file", slot)],
            caption=self[_named("caption", slot)],
            taken=self[_named("taken", slot)],
            boxes=self[_named("boxes", slot)],
            modified=self[_named("modified", slot)],
        )

    def receive_files(self, data: dict[str, Any]) -> None:
        """Takes the files in, once all else is in order; none is kept if one of them is refused."""
        if not self.errors:
            for slot in self.file_slots:
                self._receive(slot, data)
        if self.errors:
            self._discard()

    def _receive(self, slot: EvidenceSlot, data: dict[str, Any]) -> None:
        """Has the file looked through; what is wrong with it stands beside its field."""
        file, name = data.get(_named("file", slot)), _named("file", slot)
        if file is None:
            return
        try:
            self.ready[slot.slug] = files.receive(
                file,
                file.name or "",
                boxes=read_boxes(data.get(_named("boxes", slot), "")),
                modified=_own_time(data.get(_named("modified", slot), "")),
            )
        except Unreadable as refused:
            self.add_error(name, refused.sentence)
        except ValueError:
            self.add_error(name, _BAD_BOXES)

    def _discard(self) -> None:
        for ready in self.ready.values():
            ready.discard()
        self.ready.clear()

    @property
    def content(self) -> dict[str, Any]:
        """As for every form, with each file by its hash: another file is another content."""
        hashes = {f"file-{slug}": ready.sha256_received for slug, ready in self.ready.items()}
        return {**super().content, **hashes}

    def attached(self, step: str) -> list[Attached]:
        """The files on their way into the step's slots."""
        data = self.cleaned_data
        return [
            Attached(
                ready=self.ready[slot.slug],
                step=step,
                slot=slot.slug,
                caption=data[_named("caption", slot)].strip(),
                happened_at=in_zone(data[_named("taken", slot)], self.zone),
            )
            for slot in self.file_slots
            if slot.slug in self.ready
        ]


def _own_time(text: str) -> str:
    """The file's own time as the browser told it; nothing if that is no time."""
    try:
        told = datetime.fromisoformat(text)
        return told.astimezone(UTC).replace(microsecond=0).isoformat() if told.tzinfo else ""
    except (ValueError, OverflowError):
        return ""


class EraseForm(GuardedForm):
    """Which entry's content goes, and why."""

    seq = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why it is erased; this stays on the record",
        max_length=2_000,
        widget=text_area(2),
    )

"""Forms of the import: start, outcome, installed state, repair, removal, diagnosis, escalation."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from runbook.domain.decisions.attempts import Plan
from runbook.domain.decisions.readings import Look
from runbook.domain.diagnosis.surfaces.handed import Handed, Unreadable
from runbook.domain.pack import Pack
from runbook.domain.readiness import YesNo
from runbook.domain.vocabulary import ImportOption, Method, Outcome
from runbook.services import uploads
from runbook.services.attempts import Removal
from runbook.web.forms.layout import GuardedForm, PasteField, TimedForm, text_area
from runbook.web.forms.steps import check_sha256, check_version

METHODS = [
    (Method.MAKER_PORTAL.value, "Maker portal"),
    (Method.CLI.value, "Command line (pac)"),
    (Method.PIPELINE.value, "Pipeline"),
    (Method.CLASSIC.value, "Classic solution explorer"),
]
OPTIONS = [
    (ImportOption.UPGRADE.value, "Upgrade: the default; removes what the new version dropped"),
    (ImportOption.STAGE_FOR_UPGRADE.value, "Stage for upgrade: removal follows later"),
    (ImportOption.UPDATE.value, "Update: removes nothing; a last resort"),
]
YES_NO_UNKNOWN = [
    (YesNo.YES.value, "Yes"),
    (YesNo.NO.value, "No"),
    (YesNo.UNKNOWN.value, "I cannot tell"),
]


class StartAttemptForm(TimedForm):
    """How the attempt is made; the option is fixed while an upgrade is pending."""

    method = forms.ChoiceField(choices=METHODS, initial=Method.MAKER_PORTAL.value)
    option = forms.ChoiceField(choices=OPTIONS, initial=ImportOption.UPGRADE.value)
    file_name = forms.CharField(label="File", max_length=255, required=False)
    file_version = forms.CharField(
        label="Version in the file's solution.xml",
        max_length=40,
        required=False,
        validators=[check_version],
    )
    file_sha256 = forms.CharField(
        label="SHA-256 of the file",
        max_length=64,
        required=False,
        validators=[check_sha256],
        help_text="Get-FileHash shows it. It proves later that each try used the same file.",
    )
    tool_version = forms.CharField(
        label="Version of the tool",
        max_length=80,
        required=False,
        help_text="For the command line: what pac prints as its version.",
    )
    reason = forms.CharField(
        label="Why Update, if you chose it", max_length=2_000, required=False, widget=text_area(2)
    )
    field_order = ["method", "option", "file_name", "file_version", "file_sha256", "tool_version"]

    def __init__(self, *args: Any, applying: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happened_at"].label = "Started at, if not now"
        if applying:
            for name in ("file_name", "file_version", "file_sha256"):
                del self.fields[name]
            apply = ImportOption.APPLY_UPGRADE.value
            self.fields["option"] = forms.ChoiceField(
                choices=[(apply, "Apply the pending upgrade")], initial=apply
            )

    def plan(self) -> Plan:
        data = self.cleaned_data
        return Plan(
            method=Method(data["method"]),
            option=ImportOption(data["option"]),
            file_name=data.get("file_name", ""),
            file_version=data.get("file_version", ""),
            file_sha256=data.get("file_sha256", ""),
            tool_version=data["tool_version"],
            reason=data["reason"],
        )


class AttemptForm(TimedForm):
    """How the attempt ended; a failure brings its text or the statement that none was shown."""

    outcome = forms.ChoiceField(
        label="How did it end?",
        choices=[
            (Outcome.SUCCEEDED.value, "It succeeded"),
            (Outcome.FAILED.value, "It failed"),
            (Outcome.UNKNOWN.value, "I do not know"),
            (Outcome.CANCELLED.value, "I stopped it"),
        ],
        widget=forms.RadioSelect,
    )
    error_text = PasteField(
        label="The whole error text",
        help_text="Paste everything: history pane, dialog, console, JSON. Secrets are cut out "
        "before anything is stored; ids and codes are kept.",
    )
    error_file = forms.FileField(
        label="Or hand in a file",
        required=False,
        help_text="Import log, import job XML, reports zip, JSON or text, up to 20 MiB. "
        "Only what it says about failures is kept, not the file.",
        widget=forms.FileInput(attrs={"data-paste-file": ""}),
    )
    no_text = forms.BooleanField(label="No error text was shown anywhere", required=False)
    reason = forms.CharField(
        label="What you saw", max_length=2_000, required=False, widget=text_area(2)
    )
    field_order = ["outcome", "error_text", "error_file", "no_text", "reason", "happened_at"]
    handed: Handed | None = None

    def __init__(self, *args: Any, draft: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happened_at"].label = "Ended at, if not now"
        self.fields["error_text"].widget = text_area(
            6, **{"class": "paste", "data-paste": "", "data-key": "e", "data-draft": draft}
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._read(data.get("error_file"))
        shown = (data.get("error_text") or "").strip() or self.handed
        failed = data.get("outcome") == Outcome.FAILED
        if failed and not shown and not data.get("no_text") and not self.errors:
            self.add_error("error_text", "Paste the error text, or state that none was shown.")
        if data.get("outcome") == Outcome.CANCELLED and not data.get("reason", "").strip():
            self.add_error("reason", "Say why you stopped it.")
        return data

    def _read(self, file: UploadedFile | None) -> None:
        """Reads the file in a process of its own; what cannot be read is said beside the field."""
        if file is None:
            return
        try:
            self.handed = uploads.inspect(file, file.name or "", size=file.size)
        except Unreadable as problem:
            self.add_error("error_file", problem.sentence)


class StateForm(TimedForm):
    """What the solution list and the history show now; nothing is assumed."""

    base_listed = forms.ChoiceField(
        label="Listed", choices=YES_NO_UNKNOWN, widget=forms.RadioSelect, required=False
    )
    base_version = forms.CharField(
        label="Version", max_length=40, required=False, validators=[check_version]
    )
    holding_listed = forms.ChoiceField(
        label="Listed", choices=YES_NO_UNKNOWN, widget=forms.RadioSelect
    )
    holding_version = forms.CharField(
        label="Version", max_length=40, required=False, validators=[check_version]
    )
    running = forms.ChoiceField(
        label="Does the history show a row without an end time?",
        choices=YES_NO_UNKNOWN,
        widget=forms.RadioSelect,
    )
    operation_minutes = forms.IntegerField(
        label="If so: running for how many minutes?", min_value=0, max_value=100_000, required=False
    )
    already_exists = forms.BooleanField(
        label='A message said that the holding solution "already exists"', required=False
    )
    mixed = forms.ChoiceField(
        label="Are managed and unmanaged solutions of this product mixed?",
        choices=YES_NO_UNKNOWN,
        widget=forms.RadioSelect,
        initial=YesNo.NO.value,
        required=False,
    )
    last_result = forms.CharField(
        label="Result of the newest history row", max_length=500, required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._check_base(data)
        if data.get("holding_version") and data.get("holding_listed") != YesNo.YES:
            self.add_error("holding_listed", "You gave it a version, so it is listed: say Yes.")
        if data.get("holding_listed") == YesNo.YES and not data.get("holding_version"):
            self.add_error("holding_version", "Enter the version that is shown beside it.")
        return data

    def _check_base(self, data: dict[str, Any]) -> None:
        """A version says that the base is listed; without one the person has to say what was seen."""
        listed, version = data.get("base_listed"), data.get("base_version")
        if version and listed in {YesNo.NO, YesNo.UNKNOWN}:
            self.add_error("base_listed", "You gave it a version, so it is listed: say Yes.")
        elif not version and listed == YesNo.YES:
            self.add_error("base_version", "Enter the version that is shown beside it.")
        elif not version and not listed and "base_version" not in self.errors:
            self.add_error("base_listed", "Say whether the base solution is listed.")

    def look(self) -> Look:
        data = self.cleaned_data
        return Look(
            base_version=data["base_version"],
            base_known=data["base_listed"] != YesNo.UNKNOWN,
            holding_version=data["holding_version"],
            holding_listed=YesNo(data["holding_listed"]),
            running=YesNo(data["running"]),
            mixed=YesNo(data["mixed"] or YesNo.NO),
            already_exists=data["already_exists"],
            last_result=data["last_result"],
            operation_minutes=data["operation_minutes"] or 0,
        )


class RepairForm(GuardedForm):
    """What was put right before the next try."""

    text = forms.CharField(label="What you repaired", max_length=5_000, widget=text_area(3))


class RemovalForm(GuardedForm):
    """The deletion interlock: which solution, its exact name, its version, and a backup."""

    solution = forms.ChoiceField(label="Which solution do you want to remove?")
    typed_name = forms.CharField(
        label="Type its exact unique name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    version = forms.CharField(
        label="Its version as listed", max_length=40, validators=[check_version]
    )
    backup_reference = forms.CharField(label="Backup you could go back to", max_length=500)

    def __init__(self, *args: Any, base: str, holding: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["solution"] = forms.ChoiceField(
            label="Which solution do you want to remove?",
            choices=[
                ("", "Choose"),
                (holding, f"{holding} (the holding solution)"),
                (base, f"{base} (the base solution)"),
            ],
        )

    def removal(self) -> Removal:
        data = self.cleaned_data
        return Removal(
            solution=data["solution"],
            typed_name=data["typed_name"].strip(),
            version=data["version"],
            backup_reference=data["backup_reference"],
        )


class DiagnosisForm(GuardedForm):
    """The family that a person settles on."""

    family = forms.ChoiceField(label="Family")
    reason = forms.CharField(label="Why", max_length=2_000, required=False, widget=text_area(2))

    def __init__(
        self, *args: Any, pack: Pack, suggested: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        titles = {family.slug: family.title for family in pack.families}
        likely = [(slug, titles[slug]) for slug in suggested]
        others = sorted(
            ((slug, title) for slug, title in titles.items() if slug not in suggested),
            key=lambda pair: pair[1],
        )
        self.fields["family"] = forms.ChoiceField(
            label="Family",
            choices=[("", "Choose"), ("The text suggests", likely), ("All others", others)],
            help_text="For one that the text does not suggest, say why.",
        )


class EscalationForm(GuardedForm):
    """To whom the run was handed, and their reference."""

    recipient = forms.ChoiceField(label="Handed to")
    ticket = forms.CharField(label="Ticket number", max_length=120, required=False)

    def __init__(self, *args: Any, pack: Pack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"] = forms.ChoiceField(
            label="Handed to",
            choices=[(r.slug, r.title) for r in pack.recipients if r.available],
        )

"""Forms of a step, built from its questions, checks and evidence slots."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.state import CheckMark, RunState, check_key
from runbook.domain.steps import Check, EvidenceSlot, Question, QuestionKind, Step
from runbook.domain.versions import parse_version
from runbook.domain.vocabulary import CheckResult
from runbook.services.steps import Handed
from runbook.web.forms.files import FileFields, FilesForm
from runbook.web.forms.layout import GuardedForm, PasteField, text_area

RESULTS = [
    (CheckResult.PASSED.value, "Pass"),
    (CheckResult.FAILED.value, "Fail"),
    (CheckResult.NOT_TESTED.value, "Not tested"),
    (CheckResult.BY_HAND.value, "Verified by hand"),
]


def check_version(text: str) -> None:
    """Refuses what is no version; parts are integers, so that 4.9 is lower than 4.29."""
    try:
        parse_version(text)
    except ValueError as problem:
        raise forms.ValidationError(str(problem)) from None


def check_sha256(text: str) -> None:
    """Refuses what is no SHA-256 in hex."""
    if len(text) != 64 or not set(text.lower()) <= set("0123456789abcdef"):
        raise forms.ValidationError("A SHA-256 has 64 characters from 0-9 and a-f.")


def _check_file_name(text: str) -> None:
    if set(text) & set("\"'`$;|<>&\n\r") or "/" in text or "\\" in text:
        raise forms.ValidationError("Enter the name of the file alone, without its folder.")


def _choices(question: Question, common: dict[str, Any]) -> forms.Field:
    pairs = [(choice.slug, choice.label) for choice in question.choices]
    pairs = pairs or [("yes", "Yes"), ("no", "No")]
    if len(pairs) > _MOST_RADIOS:
        return forms.ChoiceField(choices=[("", "Choose"), *pairs], **common)
    return forms.ChoiceField(choices=pairs, widget=forms.RadioSelect, **common)


_MOST_RADIOS = 4
_DATE_TIME = forms.TextInput(attrs={"type": "datetime-local"})
_KINDS: Mapping[QuestionKind, tuple[type[forms.Field], dict[str, Any]]] = {
    QuestionKind.TEXT: (forms.CharField, {"max_length": 500}),
    QuestionKind.LONG_TEXT: (forms.CharField, {"max_length": 20_000, "widget": text_area(3)}),
    QuestionKind.VERSION: (forms.CharField, {"max_length": 40, "validators": [check_version]}),
    QuestionKind.ADDRESS: (forms.URLField, {"max_length": 500, "assume_scheme": "https"}),
    QuestionKind.NUMBER: (forms.IntegerField, {"min_value": 0}),
    QuestionKind.DATE_TIME: (forms.CharField, {"max_length": 40, "widget": _DATE_TIME}),
    QuestionKind.SHA256: (forms.CharField, {"max_length": 64, "validators": [check_sha256]}),
    QuestionKind.FILE_NAME: (
        forms.CharField,
        {"max_length": 255, "validators": [_check_file_name]},
    ),
}


def _field(question: Question) -> forms.Field:
    common: dict[str, Any] = {
        "label": question.label,
        "help_text": question.help,
        "required": False,  # what is missing keeps the step open, it does not lose the answers
    }
    if question.kind in {QuestionKind.CHOICE, QuestionKind.YES_NO}:
        return _choices(question, common)
    kind, options = _KINDS[question.kind]
    return kind(**common, **options)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check with its fields and its last answer, for the template."""

    check: Check
    result: forms.BoundField
    note: forms.BoundField
    mark: CheckMark | None


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One evidence slot with its fields and how many texts and files it holds."""

    slot: EvidenceSlot
    text: forms.BoundField
    file: FileFields
    count: int


class ChecksForm(GuardedForm):
    """Answers to a list of checks; an unanswered check stays as it is."""

    def __init__(
        self,
        *args: Any,
        checks: tuple[Check, ...],
        step: str,
        state: RunState,
        attempt: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.checks, self.step, self.state, self.attempt = checks, step, state, attempt
        for check in checks:
            mark = self.mark(check)
            self.fields[f"check-{check.slug}"] = forms.ChoiceField(
                label=check.text,
                choices=RESULTS,
                required=False,
                widget=forms.RadioSelect,
                initial=mark.result.value if mark else None,
            )
            self.fields[f"note-{check.slug}"] = forms.CharField(
                label="Note",
                required=False,
                max_length=2_000,
                initial=mark.note if mark else "",
            )

    def mark(self, check: Check) -> CheckMark | None:
        mark = self.state.checks.get(check_key(self.step, check.slug))
        return mark if mark and mark.attempt == self.attempt else None

    @property
    def check_rows(self) -> list[CheckRow]:
        return [
            CheckRow(
                check, self[f"check-{check.slug}"], self[f"note-{check.slug}"], self.mark(check)
            )
            for check in self.checks
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for check in self.checks:
            by_hand = data.get(f"check-{check.slug}") == CheckResult.BY_HAND
            if by_hand and not data.get(f"note-{check.slug}", "").strip():
                self.add_error(f"note-{check.slug}", "Say how you verified it by hand.")
        return data

    def check_answers(self) -> list[CheckAnswer]:
        return [
            CheckAnswer(
                check=check.slug,
                result=CheckResult(self.cleaned_data[f"check-{check.slug}"]),
                note=self.cleaned_data[f"note-{check.slug}"],
            )
            for check in self.checks
            if self.cleaned_data[f"check-{check.slug}"]
        ]


class StepForm(ChecksForm, FilesForm):
    """Everything that one step asks for: questions, checks, evidence; and whether to complete it."""

    complete = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, work: Step, state: RunState, **kwargs: Any) -> None:
        super().__init__(*args, checks=work.checks, step=work.slug, state=state, **kwargs)
        self.work = work
        for question in work.questions:
            field = _field(question)
            field.initial = state.answers.get(question.slug, "")
            self.fields[f"answer-{question.slug}"] = field
        for slot in work.slots:
            self.fields[f"slot-{slot.slug}"] = PasteField(
                label=slot.label,
                help_text=slot.help,
                widget=text_area(3, **{"data-paste": ""}),
            )
        self.add_file_fields(work.slots)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.receive_files(data)
        return data

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"answer-{question.slug}"] for question in self.work.questions]

    @property
    def slot_rows(self) -> list[SlotRow]:
        held = self.state.slots
        return [
            SlotRow(
                slot,
                self[f"slot-{slot.slug}"],
                self.file_fields(slot),
                held.get(check_key(self.work.slug, slot.slug), 0),
            )
            for slot in self.work.slots
        ]

    def handed(self) -> Handed:
        data = self.cleaned_data
        return Handed(
            answers={
                question.slug: _as_text(data[f"answer-{question.slug}"])
                for question in self.work.questions
            },
            checks=self.check_answers(),
            evidence={slot.slug: data[f"slot-{slot.slug}"] for slot in self.work.slots},
            files=self.attached(self.work.slug),
            complete=data["complete"],
        )


def _as_text(value: Any) -> str:
    return "" if value is None else str(value).strip()


class ReasonForm(GuardedForm):
    """A reason that stays on the record."""

    reason = forms.CharField(label="Reason", max_length=2_000, widget=text_area(2))


class PlainForm(GuardedForm):
    """Nothing but the guards: a button."""

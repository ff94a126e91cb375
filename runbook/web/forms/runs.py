"""Forms of a whole run: start, adopt, note, close."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django import forms

from runbook.domain.decisions.attempts import Plan
from runbook.domain.pack import Pack
from runbook.domain.versions import is_higher
from runbook.domain.vocabulary import ImportOption, Method, Outcome
from runbook.models import Team
from runbook.services.evidence import MAXIMUM
from runbook.services.runs import Beginning, Report
from runbook.web.forms.attempts import METHODS, OPTIONS
from runbook.web.forms.layout import (
    GuardedForm,
    HappenedAtField,
    PasteField,
    SubmittedForm,
    in_zone,
    text_area,
)
from runbook.web.forms.steps import check_version


def _check_unique_name(text: str) -> None:
    if not (text.isascii() and text.isidentifier()):
        raise forms.ValidationError("A unique name has letters, digits and underscores only.")


class NewRunForm(GuardedForm):
    """The few facts without which no step makes sense; the rest is asked by the first step."""

    environment_name = forms.CharField(
        label="Environment",
        max_length=120,
        help_text="The name you see in the environment switcher.",
    )
    solution = forms.ChoiceField(label="Solution")
    source_version = forms.CharField(
        label="Installed version", max_length=40, validators=[check_version]
    )
    target_version = forms.CharField(
        label="Version to install", max_length=40, validators=[check_version]
    )
    time_zone = forms.ChoiceField(
        label="Time zone of the environment's users",
        help_text="Waits and quiet hours are counted in it.",
    )

    def __init__(self, *args: Any, pack: Pack, teams: Iterable[Team] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pack = pack
        if teams:
            mine = [(str(team.handle), team.name) for team in teams]
            self.fields["team"] = forms.ChoiceField(
                label="Team",
                help_text="Its members see the run and get the roles that the team gives them.",
                choices=[*mine, ("", "only me for now")],
                required=False,
            )
        zones = sorted(available_timezones())
        self.fields["time_zone"] = forms.ChoiceField(
            label=self.fields["time_zone"].label,
            help_text=self.fields["time_zone"].help_text,
            choices=[(zone, zone.replace("_", " ")) for zone in zones],
            initial=self.zone.key,
        )
        self.fields["solution"] = self._solution_field()

    def _solution_field(self) -> forms.Field:
        for step in self.pack.runbook.steps:
            for question in step.questions:
                if question.slug == "solution" and question.choices:
                    pairs = [(choice.slug, choice.label) for choice in question.choices]
                    return forms.ChoiceField(label=question.label, choices=pairs)
        return forms.CharField(
            label="Unique name of the solution",
            max_length=100,
            help_text="The Name column of the solution list, not the display name.",
            validators=[_check_unique_name],
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        source, target = data.get("source_version"), data.get("target_version")
        if source and target and not is_higher(target, source):
            self.add_error(
                "target_version",
                f"{target} is not higher than {source}. Versions are compared number by number, "
                "so 4.9 is lower than 4.29.",
            )
        return data

    def beginning(self) -> Beginning:
        data = self.cleaned_data
        names = ("environment_name", "solution", "source_version", "target_version")
        return Beginning(
            pack=self.pack.slug,
            title=data["environment_name"],
            time_zone=data["time_zone"],
            team=UUID(data["team"]) if data.get("team") else None,
            answers={name: data[name].strip() for name in names},
        )


class AdoptForm(NewRunForm):
    """The questions for somebody already stuck; what is installed now is asked on the next page."""

    account = forms.CharField(label="What happened so far?", max_length=5_000, widget=text_area(3))
    started_at = HappenedAtField(label="When did the last try start?", required=True)
    ended_at = HappenedAtField(label="When did it end, or when did you stop watching?")
    method = forms.ChoiceField(label="How was it tried?", choices=METHODS)
    option = forms.ChoiceField(label="With which option?", choices=OPTIONS)
    outcome = forms.ChoiceField(
        label="How did it end?",
        choices=[
            (Outcome.FAILED.value, "It failed"),
            (Outcome.UNKNOWN.value, "Nobody knows"),
        ],
        widget=forms.RadioSelect,
    )
    error_text = PasteField(
        label="The whole error text, if there was one",
        widget=text_area(6, **{"class": "paste", "data-paste": "", "data-key": "e"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        # The zone is asked on the same page, so the two times are read in it, not in the default.
        zone = ZoneInfo(data.get("time_zone") or "UTC")
        for name in ("started_at", "ended_at"):
            data[name] = in_zone(data.get(name), zone)
        started, ended = data.get("started_at"), data.get("ended_at")
        if started and ended and ended < started:
            self.add_error("ended_at", "The end lies before the start.")
        return data

    def report(self) -> Report:
        data = self.cleaned_data
        return Report(
            account=data["account"],
            plan=Plan(method=Method(data["method"]), option=ImportOption(data["option"])),
            started_at=data["started_at"],
            ended_at=data["ended_at"],
            outcome=Outcome(data["outcome"]),
            error_text=data["error_text"],
        )


class NoteForm(SubmittedForm):
    """A note on the timeline; it never conflicts with what others record."""

    text = forms.CharField(label="Note", max_length=MAXIMUM)
    step = forms.SlugField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, draft: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget = text_area(
            2,
            **{
                "class": "form-control",
                "data-key": "n",
                "data-draft": draft,
                "placeholder": "Add a note",
            },
        )


class CloseForm(GuardedForm):
    """Whole, or partial with a reason."""

    partial = forms.BooleanField(label="Close as partial: some criteria stay open", required=False)
    reason = forms.CharField(label="Reason", max_length=2_000, required=False, widget=text_area(2))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("partial") and not data.get("reason", "").strip():
            self.add_error("reason", "Say why it closes with criteria open.")
        return data

"""What all forms of a run share: the guard fields of 4b.1, times in the run's zone, one look."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from django import forms

from runbook.services.evidence import MAXIMUM


class SubmittedForm(forms.Form):
    """A form that is carried out once, however often it is sent.

    `submission_key` is new with each fresh page and kept when a form comes back with errors.
    """

    submission_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, version: int = 0, zone: str = "UTC", **kwargs: Any) -> None:
        self.zone = ZoneInfo(zone)
        initial = {"expected_version": version, "submission_key": uuid.uuid4()}
        kwargs["initial"] = {**initial, **(kwargs.get("initial") or {})}
        # Several forms stand on one page, so ids must differ by form.
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}-%s")
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the surrounding <form> carries it once

    def full_clean(self) -> None:
        """Says what to choose without repeating what was sent instead."""
        for field in self.fields.values():
            if "invalid_choice" in field.error_messages:
                field.error_messages["invalid_choice"] = "Choose one of the answers on the page."
        super().full_clean()

    @property
    def content(self) -> dict[str, Any]:
        """The cleaned data without the guards, as texts: what makes two submissions the same."""
        guards = {"expected_version", "submission_key"}
        return {name: str(value) for name, value in self.cleaned_data.items() if name not in guards}


class GuardedForm(SubmittedForm):
    """A form that also knows what its sender saw: the run's version when the page was made."""

    expected_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def check_century(moment: datetime) -> None:
    """Refuses slips of the pen, and years that no time zone can be computed for."""
    if not 2000 <= moment.year < 2100:
        raise forms.ValidationError("Enter a date of this century.")


class HappenedAtField(forms.DateTimeField):
    """A local time in the run's zone; empty means now."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "When it happened, if not now")
        kwargs.setdefault("validators", [check_century])
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(
            widget=widget,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
            **kwargs,
        )


class TimedForm(GuardedForm):
    """A guarded form for something that happened at a time a person can tell."""

    happened_at = HappenedAtField()

    def clean_happened_at(self) -> datetime | None:
        return in_zone(self.cleaned_data.get("happened_at"), self.zone)


def in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The wall clock that was typed, read in the run's zone instead of the server's."""
    return moment.replace(tzinfo=zone) if moment else None


def text_area(rows: int = 3, **attributes: str) -> forms.Textarea:
    """A text area with the product's attributes."""
    return forms.Textarea(attrs={"rows": rows, "maxlength": MAXIMUM, **attributes})


class PasteField(forms.CharField):
    """A pasted text of up to 1 MiB; NUL characters are taken care of by the service."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", MAXIMUM)
        kwargs.setdefault("strip", False)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\x00", "\ufffd")

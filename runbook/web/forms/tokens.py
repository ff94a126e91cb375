"""Forms of tokens: a new one, and its end."""

from datetime import timedelta
from typing import Any

from django import forms

from runbook.services.tokens import LONGEST, Scope, Wanted
from runbook.web.forms.layout import SubmittedForm

SCOPES = {
    Scope.APPEND: "Makes one entry: a note, or how the attempt ended",
    Scope.READ: "Reads the run, its events and its exports",
}
LASTING = {
    1: "1 hour",
    4: "4 hours",
    24: "24 hours",
    7 * 24: "7 days, to read",
    30 * 24: "30 days, to read",
}


class TokenForm(SubmittedForm):
    """For which script, what it may do, how long."""

    label = forms.CharField(
        label="For which script",
        max_length=100,
        help_text="Stands on the timeline beside the entry that it makes.",
    )
    scope = forms.ChoiceField(
        label="What it may do",
        choices=[(scope.value, text) for scope, text in SCOPES.items()],
        initial=Scope.APPEND.value,
        widget=forms.RadioSelect,
    )
    hours = forms.TypedChoiceField(
        label="Works for", choices=list(LASTING.items()), initial=4, coerce=int
    )

    def __init__(self, *args: Any, may_append: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_append:
            choices = [(Scope.READ.value, SCOPES[Scope.READ])]
            self.fields["scope"] = forms.ChoiceField(
                label="What it may do",
                choices=choices,
                initial=Scope.READ.value,
                widget=forms.RadioSelect,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "scope" in data and "hours" in data and self._lasts() > LONGEST[Scope(data["scope"])]:
            self.add_error("hours", "A token that makes an entry works for 24 hours at most.")
        return data

    def _lasts(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])

    def wanted(self) -> Wanted:
        """The token as it was asked for."""
        data = self.cleaned_data
        return Wanted(label=data["label"], scope=Scope(data["scope"]), lasts=self._lasts())


class RevokeTokenForm(SubmittedForm):
    """The end of a token."""

    token = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

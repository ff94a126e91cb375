"""Forms of sharing: a new link, its end, what stakeholders are told, and a reader's code."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from runbook.domain.decisions.talk import LONGEST_LINK
from runbook.domain.redaction import Profile
from runbook.domain.vocabulary import LinkScope
from runbook.services.sharing import DEFAULT_DAYS, Wanted
from runbook.web.forms.layout import HappenedAtField, SubmittedForm, in_zone, text_area

SCOPES = {
    LinkScope.STATUS: "Status page only: phase, promise and next update",
    LinkScope.READ: "Reads the record, without error texts and files",
    LinkScope.READ_FILES: "Reads the record with error texts, and takes it away as files",
    LinkScope.COMMENT: "Reads the record and asks questions",
}
PROFILES = {
    Profile.PUBLIC: "Anybody: no names, no addresses, no ids",
    Profile.PARTNER: "A partner who works on this environment",
    Profile.MICROSOFT_SUPPORT: "Microsoft Support: tenant, organization and environment stay",
    Profile.INTERNAL: "Colleagues: everything but secrets, in files the pictures too",
}


class LinkForm(SubmittedForm):
    """For whom, how far, how long."""

    label = forms.CharField(
        label="For whom",
        max_length=100,
        help_text="Stands on the timeline beside everything that is done with the link.",
    )
    scope = forms.ChoiceField(
        label="What the link allows",
        choices=[(scope.value, text) for scope, text in SCOPES.items()],
        initial=LinkScope.READ.value,
        widget=forms.RadioSelect,
    )
    profile = forms.ChoiceField(
        label="Written for",
        choices=[(profile.value, text) for profile, text in PROFILES.items()],
        initial=Profile.PUBLIC.value,
        help_text="What is hidden from the reader. Secrets always are.",
    )
    days = forms.IntegerField(
        label="Days", min_value=1, max_value=LONGEST_LINK.days, initial=DEFAULT_DAYS
    )
    max_uses = forms.IntegerField(
        label="How many readers",
        min_value=1,
        max_value=1000,
        required=False,
        help_text="Empty for no limit. Each browser that opens the link counts once.",
    )

    def wanted(self) -> Wanted:
        """The link as it was asked for."""
        data = self.cleaned_data
        return Wanted(
            label=data["label"],
            scope=LinkScope(data["scope"]),
            profile=data["profile"],
            days=data["days"],
            max_uses=data["max_uses"],
        )


class RevokeForm(SubmittedForm):
    """The end of a link, with a reason if there is one."""

    reason = forms.CharField(label="Reason", max_length=500, required=False)


class PromiseForm(SubmittedForm):
    """What people who wait may read, and when they hear more."""

    promise = forms.CharField(
        label="What they can expect",
        max_length=500,
        widget=text_area(2),
        help_text="Stands on the status page as you write it. Leave out names and ids.",
    )
    next_update = HappenedAtField(label="Next update")

    def clean_next_update(self) -> datetime | None:
        return in_zone(self.cleaned_data.get("next_update"), self.zone)


class CodeForm(forms.Form):
    """The code of a link, typed or put in by the page's script."""

    code = forms.CharField(
        label="Code",
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "data-from-fragment": "",
            }
        ),
    )


class MomentForm(forms.Form):
    """A moment on the run's clock, or the number of an event."""

    when = HappenedAtField(label="Moment")
    seq = forms.IntegerField(label="Entry", required=False, min_value=1)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def clean_when(self) -> datetime | None:
        return in_zone(self.cleaned_data.get("when"), self.zone)

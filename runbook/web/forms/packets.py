"""Forms of a packet: facts that are asked for it, what to cut, that it was sent."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from runbook.domain.decisions.times import check_happened
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Recipient, RecipientKind
from runbook.domain.redaction import Decision, Profile
from runbook.web.forms.layout import TimedForm
from runbook.web.forms.steps import StepForm

PROFILES = {
    Profile.INTERNAL: ("Own organisation", "Only secrets are cut."),
    Profile.MICROSOFT_SUPPORT: (
        "Platform support",
        "Tenant and environment stay, help finds the failure by them; accounts are cut.",
    ),
    Profile.PARTNER: ("Partner", "As for support, and the tenant is cut as well."),
    Profile.PUBLIC: ("Public", "Everything that names you is cut."),
}


class PacketFactsForm(StepForm):
    """Answers that only the hand-over needs; kept as facts of the import step."""


class SentForm(TimedForm):
    """That the packet went out: under which number, and when."""

    ticket = forms.CharField(label="Ticket number", max_length=120, required=False)
    field_order = ["ticket", "happened_at"]

    def __init__(self, *args: Any, recipient: Recipient, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["happened_at"].label = "Sent at, if not now"
        if recipient.kind is RecipientKind.SUPPORT:
            self.fields["ticket"].help_text = "As the recipient gave it to you."
        else:
            self.fields["ticket"].label = "Reference, if there is one"

    def clean_happened_at(self) -> datetime | None:
        happened = super().clean_happened_at()
        if happened is not None:
            try:
                check_happened(happened, now=self.now)
            except TransitionRefused as refusal:
                raise forms.ValidationError(refusal.sentence) from None
        return happened


def decisions_from(
    sent: Collection[str], ticked: Collection[str], *, known: Collection[str]
) -> dict[str, Decision]:
    """What a person said about the things in doubt that the page showed; nothing else is kept."""
    cut, able = set(ticked), set(known)
    return {
        words: Decision.CUT if words in cut else Decision.KEEP for words in sent if words in able
    }

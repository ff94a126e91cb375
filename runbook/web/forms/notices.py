"""Forms about how a person wants to be told, and about channels."""

from typing import Any

from django import forms

from runbook.models import Channel, Wishes

_DIGESTS = [(0, "At once"), (15, "15 minutes"), (60, "An hour"), (240, "4 hours")]


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WishesForm(forms.Form):
    """Mail, quiet hours, digest."""

    by_mail = forms.BooleanField(label="Send notices to my mail address", required=False)
    quiet_from = forms.TimeField(label="Quiet from", required=False, widget=TimeInput())
    quiet_until = forms.TimeField(label="Quiet until", required=False, widget=TimeInput())
    digest_minutes = forms.TypedChoiceField(
        label="Send notices",
        choices=_DIGESTS,
        coerce=int,
        help_text="What comes up within this time goes out as one message.",
    )

    def __init__(self, *args: Any, wishes: Wishes, **kwargs: Any) -> None:
        names = ("by_mail", "quiet_from", "quiet_until", "digest_minutes")
        kwargs["initial"] = {name: getattr(wishes, name) for name in names}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begins, ends = data.get("quiet_from"), data.get("quiet_until")
        if (begins is None) != (ends is None) and not self.errors:
            self.add_error("quiet_until", "Quiet hours need both times, or none.")
        if begins is not None and begins == ends:
            self.add_error("quiet_until", "These are the same time. Leave both empty instead.")
        return data


class ChannelForm(forms.Form):
    """A chat room or a webhook; the service knows what is wrong with an address."""

    label = forms.CharField(
        label="Name", max_length=100, help_text="How you recognise it in this list."
    )
    kind = forms.ChoiceField(
        label="Kind",
        choices=[(Channel.Kind.CHAT, "Chat room"), (Channel.Kind.WEBHOOK, "Webhook")],
        widget=forms.RadioSelect,
        initial=Channel.Kind.CHAT,
    )
    address = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="The https address that Teams, Slack or another chat service gave you for "
        "incoming messages, or that of your own receiver. It is kept encrypted and never shown "
        "whole again.",
    )

"""Which runs the figures of a team are made of: one product or all, and how far back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms

PERIODS: Mapping[str, tuple[str, int]] = {
    "": ("All runs", 0),
    "90d": ("Begun in the last 90 days", 90),
    "12m": ("Begun in the last 12 months", 365),
}


class FiguresForm(forms.Form):
    """A product and a period; without a choice all of both."""

    pack = forms.ChoiceField(
        label="Product",
        required=False,
        error_messages={"invalid_choice": "Choose one of the products on the list."},
    )
    period = forms.ChoiceField(
        label="Runs",
        required=False,
        choices=[(slug, title) for slug, (title, _) in PERIODS.items()],
        error_messages={"invalid_choice": "Choose one of the periods on the list."},
    )

    def __init__(self, *args: Any, packs: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "All products"), *packs.items()]
        self.fields["pack"].choices = choices  # type: ignore[attr-defined]

    def since(self, now: datetime) -> datetime | None:
        """The moment from which runs count; None for all of them."""
        days = PERIODS[self.cleaned_data["period"]][1]
        return now - timedelta(days=days) if days else None

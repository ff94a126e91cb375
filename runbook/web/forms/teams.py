"""Forms of teams: a name, a seat, and who leads from now on."""

from collections.abc import Iterable
from typing import Any

from django import forms

from runbook.domain.vocabulary import Role
from runbook.models import User
from runbook.services.teams import LONGEST_NAME
from runbook.web.forms.together import ROLE_CHOICES


class TeamForm(forms.Form):
    """The name of a team."""

    name = forms.CharField(label="Name of the team", max_length=LONGEST_NAME)


class SeatForm(forms.Form):
    """A member's role on the team's runs, and whether they own the team."""

    role = forms.ChoiceField(label="Role on the team's runs", choices=ROLE_CHOICES)
    is_owner = forms.BooleanField(label="Owns the team", required=False)

    @property
    def chosen_role(self) -> Role:
        """The role as a word of the engine."""
        return Role(self.cleaned_data["role"])


class HeirForm(forms.Form):
    """Who leads the runs that only the leaving person led; nobody if there are none."""

    heir = forms.ChoiceField(label="Who leads their runs from now on", required=False)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.actor_id: person for person in people}
        named = [(actor, str(person)) for actor, person in self.people.items()]
        self.fields["heir"] = forms.ChoiceField(
            label="Who leads their runs from now on",
            choices=[("", "nobody, they lead none alone"), *named],
            required=False,
        )

    @property
    def chosen(self) -> User | None:
        """The person who was chosen."""
        return self.people.get(self.cleaned_data["heir"])


class AppointForm(forms.Form):
    """The new lead of a run that nobody leads any more."""

    lead = forms.ModelChoiceField(
        queryset=User.objects.none(), to_field_name="actor_id", label="New lead"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = User.objects.filter(is_active=True).order_by(  # type: ignore[attr-defined]
            "display_name"
        )

"""Forms about accounts: the first one, one by invitation, inviting, and the own profile."""

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from runbook.domain.vocabulary import Role
from runbook.models import User
from runbook.services import accounts, invitations


class NewAccountForm(forms.Form):
    """Who somebody is, and a password twice."""

    username = forms.CharField(
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    display_name = forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        help_text="The name that others read in the timeline. The username stands in if it is empty.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        strip=False,
        help_text="At least 12 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label="The same password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        # Every look-up of an address is made in lower case.
        email: str = self.cleaned_data["email"]
        return email.lower()

    def person(self) -> dict[str, str]:
        """The answers as the services take them."""
        names = ("username", "display_name", "email", "password")
        return {name: self.cleaned_data[name] for name in names}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password = data.get("password")
        if password and data.get("password_again") != password:
            self.add_error("password_again", "The two passwords differ.")
        if password:
            person = User(
                username=data.get("username", ""),
                email=data.get("email", ""),
                display_name=data.get("display_name", ""),
            )
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class SetUpForm(NewAccountForm):
    code = forms.CharField(
        label="Set-up code",
        max_length=40,
        help_text="The server prints it in the terminal each time it starts.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    field_order = ["code"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.add_input(Submit("", "Make the first account"))


class AddressForm(forms.Form):
    email = forms.EmailField(
        label="New e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()


class TokenForm(forms.Form):
    token = forms.CharField(
        label="Invitation code",
        max_length=100,
        help_text="The part of the link that starts with uwi_.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "data-from-fragment": ""}
        ),
    )


class JoinForm(NewAccountForm):
    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("Somebody has this username already. Choose another one.")
        return username

    def clean_email(self) -> str:
        email = super().clean_email()
        if accounts.address_is_taken(email):
            raise ValidationError(
                "An account with this address exists. Sign in with it, then open the invitation again."
            )
        return email


ROLES = [
    (Role.OPERATOR.value, "Operator: carries out steps"),
    (Role.LEAD.value, "Lead: decides and may override"),
    (Role.VERIFIER.value, "Verifier: confirms the result"),
    (Role.REVIEWER.value, "Reviewer: reads and comments"),
    (Role.OBSERVER.value, "Observer: reads"),
]
NO_TEAM = "No team, only an account"


class InviteForm(forms.Form):
    """Whom to invite and to what; the choice of teams holds those that the actor owns."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="Leave it empty to get a link that you pass on yourself.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label="Role in the team's runs", choices=ROLES, initial=Role.OPERATOR.value, required=False
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = invitations.teams_to_invite_to(actor)
        if not teams.exists():
            del self.fields["role"]
            return
        self.fields["team"] = forms.ModelChoiceField(
            queryset=teams,
            to_field_name="handle",
            required=not actor.is_staff,
            empty_label=NO_TEAM if actor.is_staff else None,
        )
        self.order_fields(["email", "team"])


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if "/" in name and name[:3] != "Etc")
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]


class ProfileForm(forms.Form):
    display_name = forms.CharField(
        label="Your name",
        max_length=150,
        required=False,
        help_text="The name that others read in the timeline. The username stands in if it is empty.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=time_zones)

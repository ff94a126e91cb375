"""Forms of people working together: questions, sign-offs, roles, assignments, hand-overs."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from runbook.domain.access import may
from runbook.domain.state import RunState
from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action, Role
from runbook.models import User
from runbook.web.forms.layout import GuardedForm, SubmittedForm, text_area

ROLES = {
    Role.LEAD: "Lead: everything, people included",
    Role.OPERATOR: "Operator: works on every step",
    Role.VERIFIER: "Verifier: checks, evidence, readings",
    Role.REVIEWER: "Reviewer: reads, asks, signs off",
    Role.OBSERVER: "Observer: reads",
}
ROLE_CHOICES = [(role.value, text) for role, text in ROLES.items()]
_ANY = "role:"
_LONGEST = 4000


class SignOffForm(GuardedForm):
    """A second person's signature, with a remark if there is one."""

    note = forms.CharField(
        label="What you looked at", required=False, max_length=_LONGEST, widget=text_area(2)
    )


class QuestionForm(SubmittedForm):
    """A question on one entry."""

    about = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    text = forms.CharField(label="Your question", max_length=_LONGEST, widget=text_area(3))


class AnswerForm(SubmittedForm):
    """The answer to one question. A run has several open ones, so the number is no fixed field."""

    number = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    text = forms.CharField(label="Answer", max_length=_LONGEST, widget=text_area(2))


class RoleForm(GuardedForm):
    """A person and the role they get."""

    member = forms.ChoiceField(label="Person")
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES, initial=Role.OPERATOR.value)

    def __init__(self, *args: Any, people: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"] = forms.ChoiceField(label="Person", choices=list(people.items()))


class MemberForm(GuardedForm):
    """A member who is removed."""

    member = forms.CharField(max_length=32, widget=forms.HiddenInput)
    reason = forms.CharField(label="Reason", required=False, max_length=500)


class HandoverForm(GuardedForm):
    """The successor, and what the record does not say."""

    to = forms.ChoiceField(label="Hand over to")
    doubts = forms.CharField(
        label="Open doubts",
        help_text="What you are not sure of. State, waits, claims and questions are added by themselves.",
        required=False,
        max_length=_LONGEST,
        widget=text_area(3),
    )

    def __init__(self, *args: Any, people: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = forms.ChoiceField(label="Hand over to", choices=list(people.items()))


class AssignForm(GuardedForm):
    """One choice for each step: a member, everybody with a role, or nobody in particular."""

    def __init__(
        self,
        *args: Any,
        steps: Iterable[tuple[str, str]],
        state: RunState,
        people: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", "nobody in particular"),
            *((f"{_ANY}{role.value}", f"any {role.value}") for role in _working()),
            *people.items(),
        ]
        for slug, title in steps:
            self.fields[slug] = forms.ChoiceField(
                label=title,
                choices=choices,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
                initial=_chosen(state.team.assigned.get(slug)),
            )

    def wanted(self) -> dict[str, Assignment]:
        """The assignment of each step as it was chosen."""
        guards = {"expected_version", "submission_key"}
        return {
            slug: _assignment(value)
            for slug, value in self.cleaned_data.items()
            if slug not in guards
        }


def _working() -> list[Role]:
    return [role for role in Role if may(role, Action.CLAIM_STEP)]


def _chosen(assignment: Assignment | None) -> str:
    if assignment is None:
        return ""
    return f"{_ANY}{assignment.role.value}" if assignment.role else assignment.member


def _assignment(value: str) -> Assignment:
    if value.startswith(_ANY):
        return Assignment(role=Role(value.removeprefix(_ANY)))
    return Assignment(member=value)


def names(users: Iterable[User]) -> dict[str, str]:
    """Choices of people by actor id."""
    return {user.actor_id: f"{user} ({user.username})" for user in users}

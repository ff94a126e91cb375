"""Decisions about readers: questions on events, what stakeholders are told, share links, reminders."""

from datetime import datetime, timedelta

from runbook.domain import events as ev
from runbook.domain.decisions.steps import need_reason
from runbook.domain.errors import TransitionRefused
from runbook.domain.reminders import Due
from runbook.domain.state import RunState
from runbook.domain.transitions import check_allowed
from runbook.domain.vocabulary import Action, LinkScope

LONGEST_LINK = timedelta(days=90)
_LONGEST_TEXT = 4000


def ask_question(state: RunState, *, about: int, text: str) -> list[ev.Event]:
    """A question on one event; it stays a task of the operators until it is answered."""
    check_allowed(state.stage, Action.ASK_QUESTION)
    text = _text(text, "The question is empty.")
    if not 1 <= about <= state.seq:
        raise TransitionRefused("The timeline has no such event to ask about.")
    number = state.team.questions_asked + 1
    return [ev.QuestionAsked(number=number, about=about, text=text)]


def answer_question(state: RunState, *, number: int, text: str) -> list[ev.Event]:
    """The answer goes back to who asked. "We do not know" is an answer too."""
    check_allowed(state.stage, Action.ANSWER_QUESTION)
    if number not in {question.number for question in state.team.questions}:
        raise TransitionRefused("This question is not open any more.")
    return [ev.QuestionAnswered(number=number, text=_text(text, "The answer is empty."))]


def _text(text: str, sentence: str) -> str:
    text = need_reason(text, sentence)
    if len(text) > _LONGEST_TEXT:
        raise TransitionRefused(f"Keep it under {_LONGEST_TEXT:,} characters.")
    return text


def promise_update(
    state: RunState, *, promise: str, next_update: datetime | None, now: datetime
) -> list[ev.Event]:
    """What the status page tells stakeholders; the next update lies ahead."""
    check_allowed(state.stage, Action.PROMISE_UPDATE)
    if next_update is not None and next_update <= now:
        raise TransitionRefused("The next update must lie in the future.")
    promise = _text(promise, "Say in a sentence what people can expect.")
    return [ev.UpdatePromised(promise=promise, next_update=next_update)]


def create_link(
    *, link: str, label: str, scope: LinkScope, profile: str, expires: datetime, now: datetime
) -> list[ev.Event]:
    """A new share link, possible at every stage: a closed run is what support reads most."""
    if not now < expires <= now + LONGEST_LINK:
        raise TransitionRefused(f"A link lasts at most {LONGEST_LINK.days} days from now.")
    label = need_reason(label, "Say for whom the link is.")
    return [ev.LinkCreated(link=link, label=label, scope=scope, profile=profile, expires=expires)]


def open_link(state: RunState, *, link: str) -> list[ev.Event]:
    """Keeps that a reader came in by the link."""
    return [ev.LinkOpened(link=link)] if link in state.team.links else []


def revoke_link(state: RunState, *, link: str, reason: str = "") -> list[ev.Event]:
    """Ends a link for good."""
    mark = state.team.links.get(link)
    if mark is None:
        raise TransitionRefused("This run has no such link.")
    if mark.revoked:
        raise TransitionRefused("This link was revoked before.")
    return [ev.LinkRevoked(link=link, reason=reason.strip())]


def raise_reminder(state: RunState, *, due: Due, now: datetime) -> list[ev.Event]:
    """Keeps that a reminder's moment came, once: nothing if it lies ahead or was raised before."""
    if due.at > now or due.key in state.team.raised:
        return []
    return [ev.ReminderRaised(key=due.key, kind=due.kind, due=due.at, step=due.step)]

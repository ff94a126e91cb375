"""Template tags and filters of this product, registered through TEMPLATES and loaded as runbook."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join

from runbook.domain.decisions.times import is_late
from runbook.domain.diagnosis.family import Branch, Reading
from runbook.domain.found import Found, facts_found
from runbook.domain.pack import Pack, Recipient
from runbook.domain.presenting import Line, fill, lasting, present
from runbook.domain.report import RunReport
from runbook.domain.sources import Citation, Source, SourceKind
from runbook.domain.state import CheckMark, RunState, check_key
from runbook.domain.steps import Duration
from runbook.domain.vocabulary import CheckResult, StepState
from runbook.exports.picture import Picture, picture_of
from runbook.queries import TimelineEntry
from runbook.web.markdown import render, render_line
from runbook.web.packet_page import missing_words
from runbook.web.seen import Seen

register = template.Library()

#: How much of a long evidence text stands on the run page; the report shows all of it.
SHOWN = 6_000

CONFIDENCE = {
    "certain": ("ok", "check"),
    "likely": ("info", "info"),
    "possible": ("warn", "question"),
    "unknown": ("doubt", "question"),
}
CHECKED = {
    CheckResult.PASSED: ("done", "Passed:"),
    CheckResult.BY_HAND: ("done", "Verified by hand:"),
    CheckResult.FAILED: ("failed", "Failed:"),
    CheckResult.NOT_TESTED: ("unknown", "Not tested:"),
}
DISPOSITION = {
    "wait-and-retry": ("warn", "clock", "Wait, then retry"),
    "check-state-first": ("doubt", "question", "Check the state first"),
    "fix-prerequisite": ("bad", "warning", "Fix a prerequisite"),
    "fix-component": ("bad", "warning", "Fix a component"),
    "fix-package": ("bad", "warning", "Fix the package"),
    "resolve-pending-upgrade": ("doubt", "pause", "Resolve the pending upgrade"),
    "ask-other-person": ("info", "people", "Ask another person"),
    "contact-support": ("info", "share", "Contact support"),
    "continue": ("ok", "arrow", "Continue"),
    "-": ("doubt", "question", "No import failure"),
}


@lru_cache(maxsize=4096)
def _rendered(text: str, *, line: bool) -> str:
    """A text without run values, rendered once: it never changes while its pack is loaded."""
    return render_line(text) if line else render(text)


@lru_cache(maxsize=256)
def _icon(name: str, label: str) -> str:
    hidden = format_html('<span class="visually-hidden">{}</span>', label) if label else ""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>{}',
        static("img/icons.svg"),
        name,
        hidden,
    )


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    """A picture of the sprite; `label` is read out where no text stands beside it."""
    return _icon(name, label)


@register.simple_tag
def guide(text: str, values: Mapping[str, str] | None = None) -> str:
    """A pack's Markdown with the run's values; the values are never parsed as Markdown."""
    return render(text, values or {}) if "{{" in text else _rendered(text, line=False)


@register.simple_tag
def inline(text: str, values: Mapping[str, str] | None = None) -> str:
    """One line of a pack's Markdown, without a paragraph around it."""
    return render_line(text, values or {}) if "{{" in text else _rendered(text, line=True)


@register.filter
def filled(text: str, values: Mapping[str, str]) -> str:
    """Plain text with the run's values, as for a command line."""
    return fill(text, values)


@register.filter
def lookup(mapping: Mapping[str, Any], key: str) -> Any:
    """The value under a key, or nothing."""
    return mapping.get(key, "")


@register.simple_tag
def moment(when: datetime | None, zone: str, form: str = "short") -> str:
    """A time in the run's zone, with UTC on hover and in print."""
    if when is None:
        return ""
    local = when.astimezone(ZoneInfo(zone))
    shapes = {"clock": "%H:%M", "short": "%d %b %H:%M", "full": "%Y-%m-%d %H:%M %Z"}
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        when.isoformat(),
        when.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M"),
        local.strftime(shapes[form]),
    )


@register.simple_tag
def lasted(start: datetime | None, end: datetime | None) -> str:
    """How long something took, in words; empty while one of the two is missing."""
    return lasting(end - start) if start and end else ""


@register.simple_tag
def countdown(due: datetime, now: datetime) -> str:
    """The clock's first face, before the script moves it."""
    left = max(0, int((due - now).total_seconds()))
    hours, rest = divmod(left, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


@register.simple_tag
def line(
    entry: TimelineEntry, pack: Pack, state: RunState, people: Mapping[str, str] | None = None
) -> Line:
    """One event as a headline, a detail and a kind."""
    return present(entry.event, pack=pack, time_zone=state.time_zone, state=state, people=people)


@register.simple_tag
def since_left(seen: Seen) -> str:
    """How long the person was away, in words."""
    return lasting(timedelta(seconds=seen.at - seen.left))


@register.filter
def late(entry: TimelineEntry) -> bool:
    """Whether the entry was made more than five minutes after the fact."""
    return is_late(entry.happened_at, entry.recorded_at)


@register.filter
def source_of(citation: Citation, pack: Pack) -> Source:
    """The source that a citation names."""
    return pack.source(citation.source)


@register.filter
def duration_source(duration: Duration | None, pack: Pack) -> Source | None:
    """The source of a duration; none for an estimate of our own, which is then not shown."""
    if duration is None:
        return None
    source = pack.source(duration.source)
    return None if source.kind is SourceKind.HOUSE else source


@register.filter
def confidence_look(word: str) -> tuple[str, str]:
    """Tone and icon of a confidence."""
    return CONFIDENCE[word]


@register.filter
def disposition_look(word: str) -> tuple[str, str, str]:
    """Tone, icon and words of a disposition."""
    return DISPOSITION[word]


@register.filter
def is_quiet(state: StepState) -> bool:
    """Whether the shape alone says enough in the list of steps; the word is still read out."""
    return state in {StepState.DONE, StepState.NOT_STARTED, StepState.READY, StepState.BLOCKED}


@register.filter
def check_look(mark: CheckMark | None) -> tuple[str, str]:
    """The state to show for an answer to a check, and the word that is read out."""
    return CHECKED[mark.result] if mark else ("not-started", "Open:")


@register.filter
def mark_of(state: RunState, step_and_check: str) -> CheckMark | None:
    """The answer to a check, asked for as `step/check`."""
    return state.checks.get(step_and_check)


@register.simple_tag
def key_of(step: str, check: str) -> str:
    """The key under which a check's answer stands."""
    return check_key(step, check)


@register.filter
def found_in(reading: Reading) -> tuple[Found, ...]:
    """The facts that a text told."""
    return facts_found(reading)


@register.simple_tag
def marked(text: str, found: tuple[Found, ...]) -> str:
    """An evidence text, escaped, each fact marked with what it is; long texts around the first hit."""
    shown = _excerpt(text, [fact.value for fact in found])
    return format_html_join("", "{}", ((part,) for part in _split(shown, found)))


def _excerpt(text: str, wanted: list[str]) -> str:
    if len(text) <= SHOWN:
        return text
    hits = [text.find(part) for part in wanted if part in text]
    start = max(0, min(hits, default=0) - SHOWN // 4)
    return text[start : start + SHOWN]


def _split(text: str, found: tuple[Found, ...]) -> Iterable[str]:
    """The text in pieces, those that tell a fact wrapped in a mark."""
    position = 0
    lowered = text.casefold() if len(text.casefold()) == len(text) else text
    while position < len(text):
        hits = [
            (at, -len(fact.value), fact)
            for fact in found
            if (at := lowered.find(fact.value.casefold(), position)) >= 0
        ]
        if not hits:
            break
        at, length, fact = min(hits, key=lambda hit: hit[:2])
        yield text[position:at]
        yield format_html(
            '<mark title="{}: {}">{}</mark>', fact.label, fact.why, text[at : at - length]
        )
        position = at - length
    yield text[position:]


@register.filter
def applies_to(branch: Branch, reading: Reading) -> bool:
    """Whether the failing component is one that the branch is about."""
    name = (reading.component.name or "").casefold()
    return any(fragment.casefold() in name for fragment in branch.component_fragments if name)


@register.inclusion_tag("runs/_picture.html")
def picture(report: RunReport) -> dict[str, Picture]:
    """The run on one line of time; the page links static/css/picture.css."""
    return {"drawn": picture_of(report)}


@register.simple_tag
def packet_gaps(state: RunState, pack: Pack, recipient: Recipient) -> str:
    """How much the packet for this recipient still misses."""
    return missing_words(state, pack, recipient=recipient)

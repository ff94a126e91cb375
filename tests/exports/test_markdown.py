"""The Markdown record is safe to paste wherever a support desk works (EX-02)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from markdown_it import MarkdownIt

from runbook.domain import events as ev
from runbook.domain.readiness import Base, Sighting, YesNo
from runbook.domain.vocabulary import (
    CheckResult,
    ImportOption,
    InstalledState,
    Method,
    RetryRule,
)
from runbook.exports import FORMATS
from runbook.exports.escaping import block, code, line
from tests.exports.records import ANSWERS, LEAD, OPERATOR, START, failed_run, handout

HOSTILE = (
    "@octocat",
    "#123",
    "fixes #1 and closes GH-2",
    "owner/repo#9",
    "</details>",
    "<script>alert(1)</script>",
    "<!-- x",
    "![x](https://example.org/x.png)",
    "[x](https://example.org/)",
    "https://example.org/owner/repo/issues/1",
    "www.example.org",
    "ana@example.org",
    "a | b",
    "```\n@octocat\n```",
    "``` ```` `",
    "`@octocat",
    "**b** _i_ ~~s~~",
    "# head\n- item\n1. one\n> quote\n---\n===",
    "&lt;b&gt; &#64;octocat",
    "\\`@octocat\\`",
    "$x$",
    "!12 and group/project!34",
    '&5 $7 %9 %"next release"',
    "~bug and ~12",
    "AB#12",
    "<details open><summary>x</summary>",
    "[x]: https://example.org/\n\n[x]",
    "[^1] [^1]: note",
    "![[x]] :rocket: {{ x }} {% x %}",
    "| a |\n| - |\n| b |",
    "mailto:ana@example.org ftp://example.org",
    "- [ ] task\n- [x] done",
    "\u202egnp.exe",
)
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")


def outside_code(text: str) -> str:
    """What a ticket system looks at after rendering: the text that is no code."""
    html = PARSER.render(text)
    html = re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)
    return re.sub(r"<code[^>]*>.*?</code>", "", html, flags=re.DOTALL)


def harm(text: str) -> list[str]:
    """Mentions, references, pictures, links and foreign elements of a rendered text."""
    html = outside_code(text)
    plain = re.sub(r"<[^>]*>", " ", html)
    found = re.findall(r"(?<!\w)@\w+", plain)
    found += re.findall(r"#\d+|\bGH-\d+", plain, re.IGNORECASE)
    found += re.findall(r"[!&$%][\d\"]|~\w", plain.replace("&quot;", '"').replace("&amp;", "&"))
    allowed = {"a", "p", "h1", "h2", "h3", "ul", "li", "br", "strong", "div"}
    allowed |= {"table", "thead", "tbody", "tr", "th", "td"}
    found += [tag for tag in re.findall(r"<([a-z!][\w-]*)", html) if tag not in allowed]
    found += [a for a in re.findall(r'href="([^"]*)"', html) if "/runs/1/" not in a]
    return found


def written(**changes: str) -> str:
    """The record of a run in which every text that a person types is the same hostile one."""
    text = changes["text"]
    told = [
        (minute, spoiled(event, text), actor)
        for minute, event, actor in (*failed_run(), *more_events(text))
    ]
    return FORMATS["markdown"].render(handout(told, error=text)).decode()


def spoiled(event: ev.Event, text: str) -> ev.Event:
    match event:
        case ev.RunStarted():
            return replace(event, title=text)
        case ev.FactsRecorded():
            return replace(event, answers={**ANSWERS, "environment_name": text, "solution": text})
        case ev.CheckRecorded():
            return replace(event, note=text)
        case ev.NoteAdded():
            return replace(event, text=text)
        case ev.StepSkipped():
            return replace(event, reason=text)
        case ev.AttemptStarted():
            return replace(event, file_name=text, tool_version=text)
        case _:
            return event


def more_events(text: str) -> list[tuple[int, ev.Event, str]]:
    return [
        (31, ev.RepairRecorded(text=text), LEAD),
        (32, ev.EscalationSent(recipient="workshop", ticket=text), LEAD),
        (33, ev.RunPaused(reason=text), LEAD),
        (34, ev.RunAbandoned(reason=text), LEAD),
        (35, ev.CheckRecorded(step=text, check=text, result=CheckResult.FAILED), OPERATOR),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_a_person_types_acts(text: str) -> None:
    assert harm(written(text=text)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_the_structure_of_the_file_does_not_move(text: str) -> None:
    def heads(markdown: str) -> list[str]:
        return re.findall(r"<h[23]>(.*?)</h[23]>", PARSER.render(markdown))

    assert heads(written(text=text)) == heads(written(text="x"))


@pytest.mark.parametrize(
    "text",
    [
        *("@octocat", "see #123", "fixes #1 and closes GH-2", "owner/repo#9", "&#64;octocat"),
        *("!12", "&5", "$7", "%9", '%"next"', "~bug"),
    ],
)
def test_without_escaping_the_same_texts_act(text: str) -> None:
    """Negative control: the eyes of these tests are open."""
    assert harm(f"A note: {text}") != []


def test_a_picture_and_an_element_are_seen_without_escaping() -> None:
    assert harm("![x](https://example.org/x.png) <b>x</b>") == ["img", "b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_reads_as_it_was_typed(text: str) -> None:
    plain = PARSER.render(f"A: {line(text)}").replace("\u2060", "")
    shown = re.sub(r"<[^>]*>", "", plain)
    for name, mark in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(name, mark)

    assert shown.strip() == "A: " + " ".join(text.split()).replace("\u202e", "‹U+202E›")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stands_in_one_block(text: str) -> None:
    tokens = PARSER.parse(f"before\n\n{block(text)}\n\nafter")

    assert [token.type for token in tokens].count("fence") == 1
    assert next(t.content for t in tokens if t.type == "fence").rstrip("\n") == text.replace(
        "\u202e", "‹U+202E›"
    )


def test_an_id_stays_exact() -> None:
    assert code("0f8fad5b-d9cb") == "`0f8fad5b-d9cb`"
    assert code("a`b") == "``a`b``"
    assert code("`a") == "`` `a ``"
    assert code("a|b", in_table=True) == "`a\\|b`"
    assert code(" ") == ""


def test_the_first_line_names_the_failure_as_support_does() -> None:
    first = FORMATS["markdown"].render(handout()).decode().splitlines()[0]

    assert first == (
        "# Dataverse managed solution import failed: KettleCore 4.50.2 to 4.50.6 "
        "(80097376, 8004F01F)"
    )


def test_a_run_that_did_not_fail_is_called_a_record() -> None:
    first = FORMATS["markdown"].render(handout(failed_run()[:4])).decode().splitlines()[0]

    assert first == "# Record of an upgrade: Contoso kettle"


def test_the_wait_before_an_attempt_is_told() -> None:
    again = ev.AttemptStarted(number=2, method=Method.CLI, option=ImportOption.UPGRADE)
    told = [*failed_run(), (90, again, OPERATOR), (95, ev.AttemptSucceeded(number=2), OPERATOR)]

    text = FORMATS["markdown"].render(handout(told)).decode()

    assert "| 5 min | 1 h 4 min | `cli, upgrade` | Ben | succeeded |" in text


def test_times_come_in_utc_and_in_the_zone_of_the_run() -> None:
    text = FORMATS["markdown"].render(handout()).decode()

    assert "| 1 | 2026-11-21 21:10 UTC | 2026-11-21 22:10 CET | 2026-11-21 21:26 UTC |" in text


def test_a_late_entry_is_a_deviation() -> None:
    late = timedelta(minutes=9)
    text = FORMATS["markdown"].render(handout(late=9)).decode()

    assert "(entered 9 min later)" in text
    assert f"late entry, recorded 2026-11-21 21:{30 + late.seconds // 60} UTC" in text


def test_an_erased_text_is_named_as_such() -> None:
    assert "The error text was erased." in FORMATS["markdown"].render(handout(error=None)).decode()


def test_where_the_run_stands_is_told_first() -> None:
    """Read, planned, handed over, ended: one line each."""
    told = [
        *failed_run(),
        (
            40,
            ev.StateRead(
                step="flash",
                state=InstalledState.ROLLED_BACK,
                retry=RetryRule.IF_FAMILY_ALLOWS,
                sighting=Sighting(base=Base.OLD, holding=YesNo.NO, running=YesNo.NO),
                base_version="4.50.2",
            ),
            LEAD,
        ),
        (
            40,
            ev.RetryScheduled(
                number=2, due=START + timedelta(minutes=50), family="busy", reason="Ten minutes"
            ),
            LEAD,
        ),
        (41, ev.EscalationSent(recipient="workshop", ticket="T-1"), LEAD),
        (42, ev.RunAbandoned(reason="No use"), LEAD),
    ]

    text = FORMATS["markdown"].render(handout(told)).decode()

    assert "| Installed state | Rolled back, read 2026-11-21 21:40 UTC (2026-11-21 22:40" in text
    assert "| Versions seen | `4.50.2` |" in text
    assert "| Next attempt not before | 2026-11-21 21:50 UTC (2026-11-21 22:50 CET) |" in text
    assert "| Handed to | The workshop T-1 |" in text
    assert "| Reason for the end | No use |" in text


def test_what_was_told_about_an_attempt_without_a_text_is_kept() -> None:
    told = [*failed_run()[:8], (20, ev.AttemptUnknown(number=1, reason="Browser lost"), OPERATOR)]

    text = FORMATS["markdown"].render(handout(told)).decode()

    assert "- Outcome: unknown\n- Told: Browser lost\n\nNo error text was handed in." in text

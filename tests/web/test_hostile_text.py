"""IN-01, IN-02: what people typed or pasted never becomes markup, script or an htmx request."""

import html
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse
from markdown_it import MarkdownIt

from runbook.domain.redaction import mask
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from tests.domain.wishes import wish
from tests.factories import act, carry_out
from tests.web import payloads
from tests.web.builders import SENT, as_shown, send, step_page
from tests.web.pages import parse
from tests.web.shapes import dangers, differences
from tests.web.stories import adopted, tell

LENGTH = 2_000
SHEETS = payloads.sheets(LENGTH)
STEPS = ("facts", "wiring", "ready", "tidy", "cool-down", "look-before", "import", "end")
#: Pages by name, of a run that tells the text.
Pages = dict[str, str]
_CALM: list[Pages] = []
_AS_HTML = MarkdownIt("commonmark", {"html": True}).enable("table")


def everywhere(client: Client, user: User, now: datetime, text: str) -> Pages:
    """Every page and file that shows what was typed."""
    user.display_name = text[:80]
    user.save()
    seen: Pages = {}

    def look(name: str, run: Run) -> None:
        seen[name] = client.get(step_page(run, "import")).content.decode()

    run = tell(user, now, text=text, view=look)
    for step in STEPS:
        seen[f"step {step}"] = client.get(step_page(run, step)).content.decode()
    seen["fragment"] = client.get(
        step_page(run, "import"), headers={"hx-request": "true"}
    ).content.decode()
    stuck = adopted(user, now, text=text)
    for step in ("facts", "import"):
        seen[f"stuck {step}"] = client.get(step_page(stuck, step)).content.decode()
    for name, which in (("run-report", run), ("run-report", stuck), ("timeline", run)):
        seen[f"{name} {which is run}"] = client.get(reverse(name, args=[which.pk])).content.decode()
    seen["runs"] = client.get("/").content.decode()
    exported = partial(client.post, reverse("run-export", args=[run.pk]))
    seen["markdown"] = exported({"format": "markdown"}).content.decode()
    seen["json"] = exported({"format": "json"}).content.decode()
    return seen


@pytest.fixture
def tell_all(as_ana: Client, ana: User, now: datetime) -> Callable[[str], Pages]:
    return partial(everywhere, as_ana, ana, now)


@pytest.fixture
def calm(ben: User, sign_in: Callable[[User], Client], now: datetime) -> Callable[[], Pages]:
    """The same pages of a run in which nobody tries anything; made once in a process."""

    def make() -> Pages:
        if not _CALM:
            _CALM.append(everywhere(sign_in(ben), ben, now, payloads.harmless(LENGTH)))
        return _CALM[0]

    return make


def test_the_corpus_is_large_and_hostile() -> None:
    assert len(set(payloads.XSS)) >= 200
    assert len(set(payloads.HTMX)) >= 40
    assert all("\n" not in text for text in payloads.ALL)
    joined = " ".join(SHEETS)
    assert all(text in joined for text in payloads.ALL)
    assert mask(joined).removed == 0


@pytest.mark.parametrize("payload", [*payloads.SCRIPTING, *payloads.HTMX])
def test_each_payload_would_be_noticed_if_one_place_did_not_escape_it(payload: str) -> None:
    """The control for the corpus and for the comparison at once."""
    quoted = ("<p>{}</p>", '<input value="{}">', "<input value='{}'>")

    frames = (*quoted, "<input value={}>")
    assert any(differences(frame.format("x"), frame.format(payload)) for frame in frames)
    for frame in quoted:
        assert not differences(frame.format("x"), frame.format(html.escape(payload)))


@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_no_page_takes_a_shape_from_what_was_typed(
    tell_all: Callable[[str], Pages], calm: Callable[[], Pages], number: int
) -> None:
    seen = tell_all(SHEETS[number])

    for name, before in calm().items():
        after = seen[name]
        if name == "json":
            continue
        if name == "markdown":
            before, after = _AS_HTML.render(before), _AS_HTML.render(after)
        assert differences(before, after) == [], name
        assert dangers(after) == [], name


@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_the_text_is_shown_word_for_word(tell_all: Callable[[str], Pages], number: int) -> None:
    """The control: it is there to be read, on the page, in the report and in the file."""
    sheet = SHEETS[number]
    seen = tell_all(sheet)
    report = " ".join(page_text(seen["run-report True"]).split())

    assert report.count(" ".join(sheet.split())) >= 12
    for name in ("prepared", "failed", "pending", "step ready", "timeline True", "runs"):
        assert sheet[:60].strip() in page_text(seen[name]), name
    told = json.loads(seen["json"])
    assert any(sheet.strip() == str(e["data"].get("text", "")) for e in told["events"] if e["data"])


def page_text(content: str) -> str:
    return parse(content).text


@pytest.mark.parametrize("name", sorted(n for n in SENT if SENT[n].typed))
def test_a_form_gives_hostile_text_back_as_text(
    as_ana: Client, run_at: Callable[..., Run], name: str
) -> None:
    """All payloads in every field of a form at once, as they come back to be corrected."""
    run = run_at(SENT[name].stage)
    shown = as_shown(as_ana, name, run, SENT[name].typed)
    guards = {"csrfmiddlewaretoken", "submission_key", "expected_version"}
    calm_text, hostile = payloads.harmless(25_000), " ".join(SHEETS).ljust(25_000, ".")
    answers = []
    for text in (calm_text, hostile):
        typed = {field: value if field in guards else text for field, value in shown.items()}
        answers.append(send(as_ana, name, run, typed))

    before, after = (answer.content.decode() for answer in answers)
    assert [answer.status_code for answer in answers] == [422, 422]
    assert differences(before, after) == []
    assert dangers(after) == []


def timeline_pages(client: Client, run: Run) -> list[str]:
    """All pages of the timeline, newest first."""
    run.refresh_from_db()
    starts = range(run.version + 1, 0, -50)
    target = reverse("timeline", args=[run.pk])
    return [client.get(target, {"before": start}).content.decode() for start in starts]


def test_every_payload_alone_on_the_timeline(
    as_ana: Client, run_at: Callable[..., Run], ana: User, now: datetime
) -> None:
    calm, hostile = run_at(RunStage.STOPPED), run_at(RunStage.STOPPED)
    for payload in payloads.ALL:
        for run, text in ((calm, "calm words"), (hostile, payload)):
            for asked in (
                wish(Action.ADD_NOTE, text=text),
                wish(Action.SEND_ESCALATION, recipient="workshop", ticket=text),
            ):
                carry_out(run.pk, asked, act(ana, now=now))

    before, after = timeline_pages(as_ana, calm), timeline_pages(as_ana, hostile)

    assert len(after) == len(before) >= 10
    for one, other in zip(before, after, strict=True):
        assert differences(one, other) == []
        assert dangers(other) == []
    told = "\n".join(page_text(each) for each in after)
    assert [payload for payload in payloads.ALL if payload.strip() not in told] == []
